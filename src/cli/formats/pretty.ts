import type { CtCertificate } from '../../types/certificate.js'
import type { PublicKeyInfo } from '../../types/certificate-fields.js'
import { harmless } from '../../util/harmless.js'
import { formatCount } from '../terminal/quantities.js'
import type { Style } from '../terminal/style.js'

const LABEL_WIDTH = 12
const DAY_MS = 86_400_000

/** A certificate over several lines, the last one empty; fields without a value are left out. */
export function prettyText(cert: CtCertificate, style: Style): string {
  const place = `${harmless(cert.log.description)}${cert.log.id === '' ? '' : ` (${cert.log.kind})`}`
  const title = `${cert.kind} ${cert.index} of ${place}`
  const lines = fieldsOf(cert).flatMap(([label, values]) => fieldLines(label, values, style))
  return [style.bold(title), ...lines, ''].join('\n')
}

function fieldsOf(cert: CtCertificate): [string, readonly (string | undefined)[]][] {
  const { subject, issuer, scts } = cert
  return [
    ['logged', [cert.timestamp?.toISOString()]],
    ['DNS names', cert.dnsNames],
    ['IP addresses', cert.ipAddresses],
    ['e-mail', cert.emailAddresses],
    ['URIs', cert.uris],
    ['subject', [subject.toString()]],
    ['issuer', [issuer.toString()]],
    ['valid', [validity(cert)]],
    ['serial', [cert.serialNumber]],
    ['key', [cert.publicKey && keyText(cert.publicKey)]],
    ['signature', [cert.signatureAlgorithm?.name ?? cert.signatureAlgorithm?.oid]],
    ['usage', [[...(cert.keyUsage ?? []), ...extendedUsage(cert)].join(', ')]],
    ['validation', [cert.validation]],
    ['CA', [cert.isCa ? 'yes' : undefined]],
    ['SCTs', [scts.length > 0 ? formatCount(scts.length) : undefined]],
    ['SHA-256', [cert.sha256]],
    ['issuance', [cert.issuanceId]],
    ['problems', cert.problems.map(({ code, field, message }) => `${code} (${field}): ${message}`)],
  ]
}

function fieldLines(label: string, values: readonly (string | undefined)[], style: Style): string[] {
  const texts = values.filter((value) => value !== undefined && value !== '') as string[]
  return texts.map((text, i) => `  ${style.dim((i === 0 ? label : '').padEnd(LABEL_WIDTH))} ${harmless(text)}`)
}

function validity({ notBefore, notAfter }: CtCertificate): string | undefined {
  if (notBefore === undefined && notAfter === undefined) return undefined
  const text = `${notBefore?.toISOString() ?? '?'} to ${notAfter?.toISOString() ?? '?'}`
  if (notBefore === undefined || notAfter === undefined) return text
  return `${text} (${formatCount((notAfter.getTime() - notBefore.getTime()) / DAY_MS)} days)`
}

function keyText({ algorithm, curve, bits, spkiSha256 }: PublicKeyInfo): string {
  const size = curve ?? (bits === undefined ? undefined : `${bits} bits`)
  return [algorithm, size, `pin ${spkiSha256}`].filter((part) => part !== undefined).join(' ')
}

function extendedUsage({ extendedKeyUsage }: CtCertificate): string[] {
  return (extendedKeyUsage ?? []).map(({ name, oid }) => name ?? oid)
}
