import type { FindingDraft, FindingReason } from '../types/finding.js'
import type { Concern } from '../watchlist/concern.js'
import { MAX_REASONS } from './finding.js'

/**
 * What the watchlist says of a certificate, as a module reports it: kind is the class, each reason has the name it is about and where in
 * it.
 *
 * @param foldedBefore - Certificates with the same subject that were not reported.
 */
export function draftOf(concern: Concern, foldedBefore = 0): FindingDraft {
  const { class: kind, severity, score, reasons, matches } = concern
  const all: FindingReason[] = reasons.map((text) => ({ text }))
  for (const { name, reasons } of matches) {
    if (all.length >= MAX_REASONS) break
    for (const { text, points, at } of reasons) all.push({ text, points, name, ...(at !== undefined && { at }) })
  }
  // The last reason is what one can do without, where there are too many.
  if (foldedBefore > 0)
    all.splice(MAX_REASONS - 1, all.length, { text: `${foldedBefore} more certificates of it since the last alert` })
  return { kind, subject: subjectOf(concern), severity, score, reasons: all.slice(0, MAX_REASONS) }
}

/** Whether it is about own names. */
export function isOfOwnNames({ class: kind }: Concern): boolean {
  return !['lookalike', 'word', 'pattern', 'mention', 'unreadable'].includes(kind)
}

/**
 * Findings of one certificate with one subject are one finding, so that what must not take another's place has a subject of its own: the
 * certificate does not tell the issuer's key, comes before its precertificate now and then, and would hide that the issuer is none of
 * the expected ones.
 */
function subjectOf(concern: Concern): string {
  const { class: kind, subject } = concern
  if (kind === 'unexpected-issuer') return 'issuer of own names'
  if (isOfOwnNames(concern)) return 'own names'
  return kind === 'word' || kind === 'pattern' ? `${kind} ${subject}` : subject
}
