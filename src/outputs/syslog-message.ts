import type { Finding, Severity } from '../types/finding.js'
import { cutText, harmless } from '../util/harmless.js'
import { findingLine } from './chat-text.js'

/** Who says it, in the words of RFC 5424 section 6.2. */
export interface SyslogSource {
  /** 0 to 23. */
  readonly facility: number
  readonly hostname: string
  readonly appName: string
  /** The number behind `ct-stream@` in the id of the structured data: a private enterprise number of IANA. */
  readonly enterprise: number
}

/** RFC 5424 section 6.2.1. */
const SEVERITIES: Readonly<Record<Severity, number>> = { critical: 2, high: 3, medium: 4, low: 5, info: 6 }
/** What receivers should be able to take. @see RFC 5425 section 4.3.1 */
const MAX_BYTES = 8192
const MAX_VALUE = 512
const MAX_NAMES = 10

/**
 * A finding as one message of RFC 5424, 8,192 bytes at most: what machines look for as structured data, one line for people behind it.
 */
export function syslogMessage(finding: Finding, source: SyslogSource): Buffer {
  const { facility, hostname, appName, enterprise } = source
  const { certificate: c, id, kind, subject, severity, score, firstSeen } = finding
  const values = {
    id,
    kind,
    subject,
    score: String(score),
    names: c.dnsNames.slice(0, MAX_NAMES).join(' '),
    issuer: c.issuer.text,
    notAfter: c.notAfter ?? undefined,
    serial: c.serialNumber ?? undefined,
    sha256: c.sha256 ?? undefined,
    log: c.log.id,
    index: String(c.index),
  }
  const data = Object.entries(values)
    .filter(([, value]) => value !== undefined && value !== '')
    .map(([name, value]) => ` ${name}="${escaped(value ?? '')}"`)
    .join('')
  const priority = facility * 8 + SEVERITIES[severity]
  const head = [
    `<${priority}>1`,
    firstSeen,
    token(hostname, 255),
    token(appName, 48),
    // No process id: it says nothing of a finding.
    '-',
    token(finding.module, 32),
    `[ct-stream@${enterprise}${data}]`,
    // The mark says that what follows is UTF-8 (section 6.4).
    '\ufeff',
  ].join(' ')
  const bytes = Buffer.from(head)
  return Buffer.concat([bytes, cutBytes(findingLine(finding), MAX_BYTES - bytes.length)])
}

/** A message with its length before it. @see RFC 5425 section 4.3, RFC 6587 section 3.4.1 */
export function framed(message: Buffer): Buffer {
  return Buffer.concat([Buffer.from(`${message.length} `), message])
}

/** Section 6.3.3: three characters have a backslash before them; a value cut short never ends in half an escape. */
function escaped(value: string): string {
  return cutText(harmless(value), MAX_VALUE).replace(/["\\\]]/g, '\\$&')
}

/** PRINTUSASCII of section 6, `-` for nothing. */
function token(text: string, max: number): string {
  return text.replace(/[^\x21-\x7e]/g, '_').slice(0, max) || '-'
}

/** The first bytes of a text, cut between characters. */
function cutBytes(text: string, max: number): Buffer {
  const bytes = Buffer.from(text)
  if (bytes.length <= max) return bytes
  let end = Math.max(0, max)
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end--
  return bytes.subarray(0, end)
}
