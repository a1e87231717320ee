import type { CtCertificate } from '../types/certificate.js'
import type { LogCheckpoint } from '../types/checkpoint.js'

/**
 * Entries that a sink was given and has not committed yet.
 *
 * They go with the positions that cover them: the first commit of a log, say, comes while pages of others are on their way.
 */
export class StagedPages {
  private staged: CtCertificate[] = []

  add(page: readonly CtCertificate[]): void {
    this.staged.push(...page)
  }

  /** Those before the positions of these rows, in the order in which they came. */
  coveredBy(rows: readonly LogCheckpoint[]): readonly CtCertificate[] {
    const next = new Map(rows.map(({ log, position }) => [log.id, position]))
    return this.staged.filter(({ log, index }) => index < (next.get(log.id) ?? 0))
  }

  /** Forgets what the engine has by now; what came meanwhile stays. */
  remove(committed: readonly CtCertificate[]): void {
    const gone = new Set(committed)
    this.staged = this.staged.filter((certificate) => !gone.has(certificate))
  }

  clear(): void {
    this.staged = []
  }
}
