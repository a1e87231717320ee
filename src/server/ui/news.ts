import type { Gap } from '../../types/checkpoint.js'
import type { Finding } from '../../types/finding.js'
import type { CtStreamEvents } from '../../types/stream-events.js'
import { cutText } from '../../util/harmless.js'
import type { FeedFinding, FeedNews, FeedTrouble } from './shapes.js'

/** Most items of each list, the newest. */
const MAX_KEPT = 50
const MAX_TEXT = 500
const MAX_REASONS = 3

/** Recent troubles and findings, as a page shows them. */
export class News {
  /** Grows with each change. */
  version = 0
  private troubles: readonly FeedTrouble[] = []
  private findings: readonly FeedFinding[] = []
  private troubleCount = 0
  private findingCount = 0
  private text: string | undefined

  gap({ log, start, end, reason, recordedAt }: Gap): void {
    const range = end === undefined ? `from ${start} on` : end === start + 1 ? `${start}` : `${start} to ${end - 1}`
    this.trouble('gap', recordedAt, log.description, '', `entries ${range} are missing: ${reason}`)
  }

  misbehaviour({ log, error }: CtStreamEvents['misbehaviour'], now: number): void {
    this.trouble('misbehaviour', now, log.description, error.code, error.message)
  }

  finding({ id, module, kind, subject, severity, score, reasons, firstSeen }: Finding): void {
    const found = {
      id,
      at: Date.parse(firstSeen),
      module,
      kind,
      subject: cutText(subject, MAX_TEXT),
      severity,
      score,
      reasons: reasons.slice(0, MAX_REASONS).map(({ text }) => cutText(text, MAX_TEXT)),
    }
    this.findings = [found, ...this.findings].slice(0, MAX_KEPT)
    this.findingCount++
    this.changed()
  }

  now(): FeedNews {
    const { troubles, troubleCount, findings, findingCount } = this
    return { troubles, troubleCount, findings, findingCount }
  }

  /** {@link now} as JSON, made once for all pages. */
  json(): string {
    this.text ??= JSON.stringify(this.now())
    return this.text
  }

  private trouble(kind: FeedTrouble['kind'], at: number, log: string, code: string, text: string): void {
    this.troubleCount++
    const trouble = {
      number: this.troubleCount,
      kind,
      at,
      log: cutText(log, MAX_TEXT),
      code,
      text: cutText(text, MAX_TEXT),
    }
    this.troubles = [trouble, ...this.troubles].slice(0, MAX_KEPT)
    this.changed()
  }

  private changed(): void {
    this.version++
    this.text = undefined
  }
}
