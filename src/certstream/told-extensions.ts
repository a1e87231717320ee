import { CtStreamError } from '../errors.js'
import type {
  BasicConstraints,
  CertificatePolicy,
  ExtendedKeyUsage,
  KeyUsageName,
} from '../types/certificate-fields.js'
import { DerReader } from '../x509/der.js'
import { type AccessLocation, AccessMethod, decodeSctListValue } from '../x509/extension-values.js'
import { keyPurposes, policyNames } from '../x509/oids.js'
import { textOf } from './json-values.js'

// Extensions in the words of the servers, each of which has words of its own.

/** Without spaces and in lower case, in bit order: `Digital Signature`, `C R L Sign` and `CRL Signing`. */
const keyUsageWords: readonly (readonly [name: KeyUsageName, words: readonly string[]])[] = [
  ['digitalSignature', ['digitalsignature']],
  ['contentCommitment', ['contentcommitment', 'nonrepudiation']],
  ['keyEncipherment', ['keyencipherment']],
  ['dataEncipherment', ['dataencipherment']],
  ['keyAgreement', ['keyagreement']],
  ['keyCertSign', ['keycertsign', 'certificatesigning', 'certificatesign', 'certsign']],
  ['cRLSign', ['crlsign', 'crlsigning']],
  ['encipherOnly', ['encipheronly']],
  ['decipherOnly', ['decipheronly']],
]

export function toldKeyUsage(value: unknown): KeyUsageName[] | undefined {
  const text = textOf(value)
  if (text === undefined) return undefined
  const told = new Set(text.split(',').map((word) => word.replace(/\s/g, '').toLowerCase()))
  return keyUsageWords.filter(([, words]) => words.some((word) => told.has(word))).map(([name]) => name)
}

const purposeOids = new Map(Object.entries(keyPurposes).map(([oid, name]) => [name.toLowerCase(), oid]))
for (const [words, name] of [
  ['TLS Web server authentication', 'serverAuth'],
  ['TLS Web client authentication', 'clientAuth'],
  ['Code signing', 'codeSigning'],
  ['E-mail protection', 'emailProtection'],
  ['Time stamping', 'timeStamping'],
  ['OCSP signing', 'OCSPSigning'],
] as const)
  purposeOids.set(words.toLowerCase(), purposeOids.get(name.toLowerCase()) as string)

export function toldExtendedKeyUsage(value: unknown): ExtendedKeyUsage[] | undefined {
  const text = textOf(value)
  if (text === undefined) return undefined
  return text.split(',').flatMap((word) => {
    const told = word.trim()
    const oid = isOid(told) ? told : purposeOids.get(told.toLowerCase())
    return oid === undefined ? [] : [{ oid, name: keyPurposes[oid] }]
  })
}

/** `CA:TRUE` or `CA:FALSE`; the length of the path is nowhere told. */
export function toldBasicConstraints(value: unknown, isCa: unknown): BasicConstraints | undefined {
  const text = textOf(value)
  if (text === undefined) return isCa === true ? { ca: true, pathLength: undefined } : undefined
  return { ca: /^CA:TRUE\b/i.test(text), pathLength: undefined }
}

/** `OCSP - URI:…` and `CA Issuers - URI:…`, a line each. Where a server does not say which is which, there is nothing to tell. */
export function toldAccessLocations(value: unknown): AccessLocation[] {
  return linesOf(value).flatMap((line) => {
    const at = line.indexOf(' - URI:')
    const method = line.startsWith('OCSP') ? AccessMethod.ocsp : AccessMethod.caIssuers
    return at < 0 ? [] : [{ method, uri: line.slice(at + ' - URI:'.length) }]
  })
}

/** `Full Name:` and ` URI:…`, lines in turn. */
export function toldCrlUrls(value: unknown): string[] {
  return linesOf(value).flatMap((line) => (line.startsWith('URI:') ? [line.slice('URI:'.length)] : []))
}

/** `Policy: OID` and `CPS: …` below it. */
export function toldPolicies(value: unknown): CertificatePolicy[] {
  const policies: { oid: string; name: string | undefined; cpsUris: string[] }[] = []
  for (const line of linesOf(value)) {
    const oid = line.startsWith('Policy: ') ? line.slice('Policy: '.length).trim() : ''
    if (isOid(oid)) policies.push({ oid, name: policyNames[oid], cpsUris: [] })
    else if (line.startsWith('CPS: ')) policies.at(-1)?.cpsUris.push(line.slice('CPS: '.length))
  }
  return policies
}

/** The list of SCTs, which servers send as base64url of the extension's value. */
export function toldSctLists(value: unknown): Uint8Array[] {
  const text = textOf(value)
  if (text === undefined) return []
  const bytes = Uint8Array.from(Buffer.from(text, 'base64url'))
  try {
    return [decodeSctListValue(new DerReader(bytes))]
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return []
  }
}

function linesOf(value: unknown): string[] {
  return (textOf(value) ?? '').split('\n').map((line) => line.trim())
}

const isOid = (text: string): boolean => text.length <= 200 && /^[0-2](?:\.\d{1,39})+$/.test(text)
