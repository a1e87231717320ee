import type { CtCertificate } from '../../types/certificate.js'
import { harmless } from '../../util/harmless.js'
import { formatCount } from '../terminal/quantities.js'
import type { Style } from '../terminal/style.js'
import { truncate, widthOf } from '../terminal/width.js'

const NAMES_SHOWN = 4
const kinds = { certificate: 'cert', precertificate: 'pre ', unparsable: 'bad ' } as const

/**
 * One line: time, kind, names, issuer, log and entry.
 *
 * @param columns - Width of the line; `undefined` for any. Names are cut first, then the log, then the issuer.
 */
export function textLine(cert: CtCertificate, style: Style, columns?: number): string {
  const time = cert.timestamp === undefined ? '-' : cert.timestamp.toISOString().replace(/\.\d{3}Z$/, 'Z')
  const place = `${harmless(cert.log.description)} #${cert.index}`
  const [names, issuer, log] = fitted([what(cert), harmless(issuerOf(cert)), place], columns && columns - 30)
  return [
    style.dim(time),
    styleOfKind(cert, style)(kinds[cert.kind]),
    style.bold(names ?? ''),
    style.cyan(issuer ?? ''),
    style.dim(log ?? ''),
  ].join('  ')
}

/** The parts to shorten in turn, with their least widths: names (0), log (2), issuer (1). */
const turns = [
  [0, 28],
  [2, 12],
  [1, 12],
  [2, 0],
  [1, 0],
  [0, 0],
] as const

/** Shortens texts so that, with two spaces between them, they fit `room`. */
function fitted(texts: readonly string[], room: number | undefined): readonly string[] {
  const widths = texts.map(widthOf)
  let excess = widths.reduce((sum, width) => sum + width + 2, -2) - (room ?? Number.POSITIVE_INFINITY)
  for (const [i, least] of turns) {
    const cut = Math.max(0, Math.min(excess, (widths[i] ?? 0) - least))
    widths[i] = (widths[i] ?? 0) - cut
    excess -= cut
  }
  return texts.map((text, i) => truncate(text, widths[i] ?? 0))
}

function what(cert: CtCertificate): string {
  if (cert.kind === 'unparsable') return harmless(cert.problems[0]?.message ?? 'unparsable')
  const names = namesOf(cert)
  const [shown, rest] = [names.slice(0, NAMES_SHOWN), names.length - NAMES_SHOWN]
  return `${shown.map(harmless).join(' ')}${rest > 0 ? ` (+${formatCount(rest)})` : ''}`
}

/** The best short description of what a certificate is for. */
function namesOf(cert: CtCertificate): readonly string[] {
  const { dnsNames, ipAddresses, emailAddresses, uris, subject } = cert
  const names = [dnsNames, ipAddresses, emailAddresses, uris].find((list) => list.length > 0)
  if (names !== undefined) return names
  const text = subject.commonName ?? subject.toString()
  return [text === '' ? '(no names)' : text]
}

function issuerOf({ issuer }: CtCertificate): string {
  const { organization, commonName } = issuer
  return [organization, commonName].filter((part) => part !== undefined).join(' ') || issuer.toString() || '-'
}

function styleOfKind({ kind }: CtCertificate, style: Style): (text: string) => string {
  return { certificate: style.green, precertificate: style.yellow, unparsable: style.red }[kind]
}
