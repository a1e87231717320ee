import type { CtCertificate } from '../../types/certificate.js'
import { formatCount } from '../terminal/quantities.js'
import { sanitize } from '../terminal/sanitize.js'
import type { Style } from '../terminal/style.js'

const namesShown = 4
const kinds = { certificate: 'cert', precertificate: 'pre ', unparsable: 'bad ' } as const

/** One line: when, what, which log and entry, for which names, by whom. */
export function textLine(cert: CtCertificate, style: Style): string {
  const time = cert.timestamp === undefined ? '-' : cert.timestamp.toISOString().replace(/\.\d{3}Z$/, 'Z')
  const place = `${sanitize(cert.log.description)} #${cert.index}`
  return [
    style.dim(time),
    styleOfKind(cert, style)(kinds[cert.kind]),
    style.bold(what(cert)),
    style.cyan(sanitize(issuerOf(cert))),
    style.dim(place),
  ].join('  ')
}

function what(cert: CtCertificate): string {
  if (cert.kind === 'unparsable') return sanitize(cert.problems[0]?.message ?? 'unparsable')
  const names = namesOf(cert)
  const [shown, rest] = [names.slice(0, namesShown), names.length - namesShown]
  return `${shown.map(sanitize).join(' ')}${rest > 0 ? ` (+${formatCount(rest)})` : ''}`
}

/** What a certificate is for, in the best words it has. */
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
