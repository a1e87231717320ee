import type { CtCertificate } from '../types/certificate.js'
import type { LogCheckpoint } from '../types/checkpoint.js'

/**
 * Entries that a sink has received and not committed yet.
 *
 * Each commit takes only those that its positions cover: it may come while pages of other logs are still on their way.
 */
export class StagedPages {
  private staged: CtCertificate[] = []

  add(page: readonly CtCertificate[]): void {
    this.staged.push(...page)
  }

  /** The entries before the positions of these rows, and those behind that were acknowledged all the same, in the order received. */
  coveredBy(rows: readonly LogCheckpoint[]): readonly CtCertificate[] {
    const next = new Map(rows.map(({ log, position, acknowledged = position }) => [log.id, acknowledged]))
    return this.staged.filter(({ log, index }) => index < (next.get(log.id) ?? 0))
  }

  /** Forgets committed entries; those received meanwhile stay. */
  remove(committed: readonly CtCertificate[]): void {
    const gone = new Set(committed)
    this.staged = this.staged.filter((certificate) => !gone.has(certificate))
  }

  clear(): void {
    this.staged = []
  }
}
