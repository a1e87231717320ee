import type { CtCertificate } from '../types/certificate.js'
import type { CertificateJson } from '../types/certificate-json.js'
import type { Name } from '../types/name.js'
import { toBase64, toHex } from '../util/bytes.js'
import { isoTime } from './iso-time.js'

type Writer = (certificate: CtCertificate) => string

const writers: { readonly [Key in keyof CertificateJson]: Writer } = {
  kind: ({ kind }) => quoted(kind),
  log: ({ log }) => JSON.stringify(log),
  index: ({ index }) => `${index}`,
  timestamp: ({ timestamp }) => timeText(timestamp),
  leafHash: ({ leafHash }) => `"${toHex(leafHash)}"`,
  historical: ({ historical }) => `${historical}`,
  verified: ({ verified }) => `${verified}`,
  cursor: ({ cursor }) => quoted(cursor),
  sha256: ({ sha256 }) => orNull(sha256),
  sha1: ({ sha1 }) => orNull(sha1),
  issuanceId: ({ issuanceId }) => orNull(issuanceId),
  issuerKeyHash: ({ issuerKeyHash }) => (issuerKeyHash === undefined ? 'null' : `"${toHex(issuerKeyHash)}"`),
  serialNumber: ({ serialNumber }) => orNull(serialNumber),
  subject: ({ subject }) => shared(subject, nameText),
  issuer: ({ issuer }) => shared(issuer, nameText),
  notBefore: ({ notBefore }) => timeText(notBefore),
  notAfter: ({ notAfter }) => timeText(notAfter),
  dnsNames: ({ dnsNames }) => list(dnsNames, quoted),
  ipAddresses: ({ ipAddresses }) => list(ipAddresses, quoted),
  emailAddresses: ({ emailAddresses }) => list(emailAddresses, quoted),
  uris: ({ uris }) => list(uris, quoted),
  altNames: ({ altNames }) => list(altNames, ({ kind, value }) => `{"kind":"${kind}","value":${quoted(value)}}`),
  publicKey: ({ publicKey: key }) =>
    key === undefined
      ? 'null'
      : `{"algorithm":${quoted(key.algorithm)},"oid":${quoted(key.oid)},"bits":${key.bits ?? null},"curve":${orNull(
          key.curve,
        )},"spkiSha256":${quoted(key.spkiSha256)}}`,
  signatureAlgorithm: ({ signatureAlgorithm: found }) => (found === undefined ? 'null' : `{${named(found)}}`),
  keyUsage: ({ keyUsage }) => (keyUsage === undefined ? 'null' : shared(keyUsage, (names) => list(names, quoted))),
  extendedKeyUsage: ({ extendedKeyUsage: usages }) =>
    usages === undefined ? 'null' : shared(usages, (all) => list(all, (usage) => `{${named(usage)}}`)),
  basicConstraints: ({ basicConstraints: found }) =>
    found === undefined ? 'null' : `{"ca":${found.ca},"pathLength":${found.pathLength ?? null}}`,
  subjectKeyId: ({ subjectKeyId }) => orNull(subjectKeyId),
  authorityKeyId: ({ authorityKeyId }) => orNull(authorityKeyId),
  ocspUrls: ({ ocspUrls }) => list(ocspUrls, quoted),
  caIssuerUrls: ({ caIssuerUrls }) => list(caIssuerUrls, quoted),
  crlUrls: ({ crlUrls }) => list(crlUrls, quoted),
  policies: ({ policies }) =>
    shared(policies, (all) => list(all, (policy) => `{${named(policy)},"cpsUris":${list(policy.cpsUris, quoted)}}`)),
  validation: ({ validation }) => orNull(validation),
  scts: ({ scts }) =>
    list(scts, ({ logId, timestamp }) => `{"logId":${quoted(logId)},"timestamp":${timeText(timestamp)}}`),
  isCa: ({ isCa }) => `${isCa}`,
  isSelfIssued: ({ isSelfIssued }) => `${isSelfIssued}`,
  problems: ({ problems }) => (problems.length === 0 ? '[]' : JSON.stringify(problems)),
  leafInput: ({ kind, leafInput }) => (kind === 'unparsable' ? `"${toBase64(leafInput)}"` : 'null'),
}

const parts = Object.entries(writers).map(([key, write], i) => ({ before: `${i === 0 ? '{' : ','}"${key}":`, write }))

/** What `JSON.stringify(certificateJson(certificate))` gives, at a third of its cost: with no objects, and what repeats written once. */
export function certificateText(certificate: CtCertificate): string {
  let text = ''
  for (const { before, write } of parts) text += before + write(certificate)
  return `${text}}`
}

/** The texts of values that certificates share, which are frozen. */
const texts = new WeakMap<object, string>()

function shared<T extends object>(value: T, write: (value: T) => string): string {
  if (!Object.isFrozen(value)) return write(value)
  let text = texts.get(value)
  if (text === undefined) {
    text = write(value)
    texts.set(value, text)
  }
  return text
}

function nameText(name: Name): string {
  const { attributes } = name
  const first = (type: string): string => {
    for (const attribute of attributes) if (attribute.name === type) return quoted(attribute.value)
    return 'null'
  }
  return `{"text":${quoted(name.toString())},"commonName":${first('CN')},"organization":${first('O')},"organizationalUnit":${first(
    'OU',
  )},"country":${first('C')},"stateOrProvince":${first('ST')},"locality":${first('L')},"emailAddress":${first(
    'emailAddress',
  )},"attributes":${list(attributes, (each) => `{${named(each)},"value":${quoted(each.value)}}`)}}`
}

const named = ({ oid, name }: { readonly oid: string; readonly name: string | undefined }): string =>
  `"oid":${quoted(oid)},"name":${orNull(name)}`

function list<T>(values: readonly T[], write: (value: T) => string): string {
  if (values.length === 0) return '[]'
  let text = ''
  for (const value of values) text += (text === '' ? '[' : ',') + write(value)
  return `${text}]`
}

const quoted = (text: string): string => JSON.stringify(text)
const orNull = (text: string | undefined): string => (text === undefined ? 'null' : JSON.stringify(text))
const timeText = (time: Date | undefined): string => (time === undefined ? 'null' : `"${isoTime(time)}"`)
