import type { CtCertificate } from '../types/certificate.js'
import type { Name } from '../types/name.js'

/** Most names to show; the others are counted. */
const SHOWN_NAMES = 3
/** Most characters of each text, and of the whole line: names can have any length. */
const MAX_TEXT = 100
const MAX_LINE = 400

/** Characters that can control a terminal or falsify what it shows: controls, format characters, unpaired surrogates, separators. */
const DANGEROUS = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/** A certificate on one line, for people. */
export function certificateLine(certificate: CtCertificate): string {
  const { kind, issuer, notBefore, notAfter, log, index } = certificate
  const parts = [`${kind} ${namesOf(certificate)}`]
  const by = shortName(issuer)
  if (by !== '') parts.push(`by ${by}`)
  if (notBefore !== undefined || notAfter !== undefined) parts.push(`${dayOf(notBefore)} to ${dayOf(notAfter)}`)
  if (log.description !== '') parts.push(`${clean(log.description)} ${index}`)
  return parts
    .join(', ')
    .slice(0, MAX_LINE)
    .replace(/[\ud800-\udbff]$/, '')
}

function namesOf({ dnsNames, ipAddresses, emailAddresses, uris, subject, kind }: CtCertificate): string {
  if (kind === 'unparsable') return 'entry'
  const names = [...dnsNames.slice(0, SHOWN_NAMES), ...ipAddresses, ...emailAddresses, ...uris].slice(0, SHOWN_NAMES)
  const count = dnsNames.length + ipAddresses.length + emailAddresses.length + uris.length
  if (count === 0) return shortName(subject) || 'without names'
  const more = count > names.length ? ` (+${count - names.length})` : ''
  return `${names.map(clean).join(' ')}${more}`
}

const shortName = (name: Name): string => clean(name.commonName ?? name.organization ?? `${name}`)

const dayOf = (date: Date | undefined): string => date?.toISOString().replace(/T.*/, '') ?? 'an unreadable date'

function clean(text: string): string {
  const harmless = text.slice(0, MAX_TEXT + 1).replace(DANGEROUS, '\ufffd')
  return harmless.length > MAX_TEXT ? `${harmless.slice(0, MAX_TEXT - 1).replace(/[\ud800-\udbff]$/, '')}…` : harmless
}
