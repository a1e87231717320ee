import type { FindingDraft, FindingReason } from '../types/finding.js'
import type { Concern } from '../watchlist/concern.js'
import { MAX_REASONS } from './finding.js'

/**
 * Makes a finding of a concern. Its kind is the concern's class; each reason names the name it is about and the place in it.
 *
 * @param foldedBefore - How many certificates with the same subject were not reported.
 */
export function draftOf(concern: Concern, foldedBefore = 0): FindingDraft {
  const { class: kind, severity, score, reasons, matches } = concern
  const all: FindingReason[] = reasons.map((text) => ({ text }))
  for (const { name, reasons } of matches) {
    if (all.length >= MAX_REASONS) break
    for (const { text, points, at } of reasons) all.push({ text, points, name, ...(at !== undefined && { at }) })
  }
  // When there are too many reasons, this one replaces the last, which matters least.
  if (foldedBefore > 0)
    all.splice(MAX_REASONS - 1, all.length, { text: `${foldedBefore} more certificates of it since the last alert` })
  return { kind, subject: subjectOf(concern), severity, score, reasons: all.slice(0, MAX_REASONS) }
}

/** Whether the concern is about own names. */
export function isOfOwnNames({ class: kind }: Concern): boolean {
  return !['lookalike', 'word', 'pattern', 'mention', 'unreadable'].includes(kind)
}

/**
 * A run reports only one finding for each issuance and subject. An unexpected issuer therefore has a subject of its own: the final
 * certificate does not show the issuer's key, and when it comes before its precertificate, its finding would hide the one about the issuer.
 */
function subjectOf(concern: Concern): string {
  const { class: kind, subject } = concern
  if (kind === 'unexpected-issuer') return 'issuer of own names'
  if (isOfOwnNames(concern)) return 'own names'
  return kind === 'word' || kind === 'pattern' ? `${kind} ${subject}` : subject
}
