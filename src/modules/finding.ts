import type { CtCertificate } from '../types/certificate.js'
import type { CertificateJson } from '../types/certificate-json.js'
import type { Finding, FindingDraft, FindingReason, Severity } from '../types/finding.js'
import { toHex } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'
import { identityOf } from '../util/identity.js'
import { choiceOption, objectOption, optionError } from '../util/options.js'

const SCORES: Readonly<Record<Severity, number>> = { info: 10, low: 30, medium: 50, high: 75, critical: 95 }
const SEVERITIES = Object.keys(SCORES) as Severity[]
const MAX_KIND = 100
/** Longest text: a name of a certificate has at most 1024 characters, and escaping may turn each into four. */
const MAX_SUBJECT = 4096
/** Most reasons of one finding: a certificate can have ten thousand of your names. */
export const MAX_REASONS = 100
const MAX_TEXT = 2000
const DRAFT = ['kind', 'subject', 'severity', 'score', 'reason', 'reasons', 'certificate'] as const

/** 32 bytes that identify a finding and its repeats. The first half is its `id`. */
export function findingKey(module: string, certificate: CtCertificate, subject: string): Uint8Array {
  // As JSON, so that no two different triples give the same text.
  return sha256(Buffer.from(JSON.stringify([module, identityOf(certificate), subject])))
}

/** A checked draft. Subject and key come first, because a repeat, as most are, needs nothing else. */
export interface CheckedDraft {
  readonly subject: string
  readonly key: Uint8Array
  finish(certificate: CertificateJson, now: number): Finding
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` for a draft that is not as {@link FindingDraft} says. */
export function checkDraft(module: string, draft: FindingDraft, certificate: CtCertificate): CheckedDraft {
  const given = objectOption<FindingDraft>('finding', draft, DRAFT)
  const kind = textOption('finding.kind', given.kind, MAX_KIND)
  const whole = given.subject ?? kind
  const subject = textOption('finding.subject', whole, MAX_SUBJECT)
  const severity = choiceOption('finding.severity', given.severity, SEVERITIES, 'medium')
  const score = scoreOption(given.score, SCORES[severity])
  const reasons = reasonsOption(given)
  const key = findingKey(module, certificate, whole)
  return {
    subject,
    key,
    finish: (json, now) => ({
      id: toHex(key.subarray(0, 16)),
      module,
      kind,
      subject,
      severity,
      score,
      reasons,
      certificate: json,
      firstSeen: new Date(now).toISOString(),
    }),
  }
}

function reasonsOption({ reason, reasons }: FindingDraft): readonly FindingReason[] {
  if (reasons === undefined) return [{ text: textOption('finding.reason', reason, MAX_TEXT) }]
  if (!Array.isArray(reasons) || reasons.length === 0)
    throw optionError('finding.reasons', 'an array of at least one reason', reasons)
  return reasons.slice(0, MAX_REASONS).map((given, i) => {
    const { text, points, name, at } = objectOption<FindingReason>(`finding.reasons[${i}]`, given, [
      'text',
      'points',
      'name',
      'at',
    ])
    const place = `finding.reasons[${i}]`
    return {
      text: textOption(`${place}.text`, text, MAX_TEXT),
      ...(points === undefined ? {} : { points: numberOption(`${place}.points`, points) }),
      ...(name === undefined ? {} : { name: textOption(`${place}.name`, name, MAX_SUBJECT) }),
      ...(at === undefined ? {} : { at: spanOption(`${place}.at`, at) }),
    }
  })
}

/** Cuts text that is too long: it may come from a stranger, and must not prevent the report. */
function textOption(option: string, value: unknown, max: number): string {
  if (typeof value !== 'string' || value.length === 0) throw optionError(option, 'a string, not empty', value)
  return value.length <= max ? value : `${value.slice(0, max - 1)}…`
}

function scoreOption(value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value === 'number' && value >= 0 && value <= 100) return value
  throw optionError('finding.score', 'a number from 0 to 100', value)
}

function numberOption(option: string, value: unknown): number {
  if (typeof value === 'number' && Number.isFinite(value)) return value
  throw optionError(option, 'a finite number', value)
}

function spanOption(option: string, value: unknown): readonly [number, number] {
  if (Array.isArray(value) && value.length === 2 && value.every((n) => Number.isSafeInteger(n) && n >= 0))
    return [value[0], value[1]]
  throw optionError(option, 'two offsets: of the first character, and of the one behind the last', value)
}
