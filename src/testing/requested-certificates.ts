import { createHash, type KeyObject, randomBytes } from 'node:crypto'
import { plain } from '../util/bytes.js'
import { booleanOption, choiceOption, dateOption, objectOption, optionError } from '../util/options.js'
import { parseIpAddress } from '../x509/ip-address.js'
import {
  authorityKeyIdentifier,
  certificatePolicies,
  dnsName,
  emailAddress,
  extendedKeyUsage,
  extension,
  extensions,
  ipAddress,
  keyIdentifier,
  keyUsage,
  notCa,
  poison,
  SERVER_AUTH,
  sctList,
  subjectAltName,
  subjectKeyIdentifier,
  time,
  uri,
  VERSION_3,
} from './certificate-parts.js'
import { SCT_LOGS, unsignedSct } from './certificate-template.js'
import { bitString, oid, sequence, tlv } from './der-writer.js'
import type { IssuedCertificate } from './issue-certificates.js'
import { type Issuer, issuerOf, namedIssuer, type TestCa } from './test-ca.js'
import { publicKeyBits, seededSpki, spkiOf, TEST_KEY_KINDS, type TestKeyKind } from './test-key.js'
import { encodeName, isAscii, type TestName } from './test-name.js'

/** A certificate of your choice, for {@link issueCertificates}. All optional: `{}` is a valid certificate without any name. */
export interface CertificateRequest {
  /** DNS names of the SubjectAltName, in order and unchanged: ASCII, so with A-labels (`xn--…`); at most 10,000 of each kind. Default none. */
  readonly dnsNames?: readonly string[]
  /** IPv4 and IPv6 addresses of the SubjectAltName. Default none. */
  readonly ipAddresses?: readonly string[]
  /** E-mail addresses of the SubjectAltName: ASCII, unchanged. Default none. */
  readonly emailAddresses?: readonly string[]
  /** URIs of the SubjectAltName: ASCII, unchanged. Default none. */
  readonly uris?: readonly string[]
  /** Subject. Default: the first of `dnsNames` as `commonName` if it has at most 64 characters, else the empty name. */
  readonly subject?: TestName
  /**
   * The issuer: your own CA (`createTestCa()`, or any certificate with its private key), or the name of a CA, which is then the same in every
   * run. Default a CA named `Let's Test`.
   */
  readonly issuer?: TestName | TestCa
  /** Default now, whole seconds. Years 0 to 9999. */
  readonly notBefore?: Date
  /** The last valid second, as in the certificate. Default 90 days after `notBefore`, minus a second. */
  readonly notAfter?: Date
  /** A kind of key, or your own key: a `KeyObject`, PEM, or DER SubjectPublicKeyInfo. Default `'P-256'`. */
  readonly key?: TestKeyKind | KeyObject | string | Uint8Array
  /** What to make; `'pair'` for the precertificate, then the certificate. Default `'certificate'`. */
  readonly kind?: 'certificate' | 'precertificate' | 'pair'
  /** Writes the CA/Browser Forum's policy of this level. Default `'DV'`. */
  readonly validation?: 'DV' | 'OV' | 'IV' | 'EV'
  /** Policies in addition to that of `validation`, dotted decimal. Default none. */
  readonly policies?: readonly string[]
  /**
   * Extensions to add. They replace those that the certificate has anyway (key usage, extended key usage, basic constraints, key identifiers,
   * policies, SubjectAltName). Default none.
   */
  readonly extensions?: readonly TestExtension[]
  /** Serial number: lower-case hex of the content octets, in the shortest form, 1 to 64 octets. Default 16 random octets. */
  readonly serialNumber?: string
}

/** An extension of your choice, RFC 5280 section 4.2. */
export interface TestExtension {
  /** Dotted decimal. */
  readonly oid: string
  /** Default `false`. */
  readonly critical?: boolean
  /** DER of the content of the OCTET STRING. `undefined` removes an extension that the certificate would have. */
  readonly value: Uint8Array | undefined
}

/** Options of {@link issueCertificates} for certificates of your choice. */
export interface RequestOptions {
  /**
   * Determines serial numbers and keys, together with the place in the list. Default none: they differ from call to call. Signatures always
   * differ.
   */
  readonly seed?: string
}

const KEYS = [
  'dnsNames',
  'ipAddresses',
  'emailAddresses',
  'uris',
  'subject',
  'issuer',
  'notBefore',
  'notAfter',
  'key',
  'kind',
  'validation',
  'policies',
  'extensions',
  'serialNumber',
] as const satisfies readonly (keyof CertificateRequest)[]

const POLICY_OIDS = { DV: '2.23.140.1.2.1', OV: '2.23.140.1.2.2', IV: '2.23.140.1.2.3', EV: '2.23.140.1.1' } as const
const DEFAULT_ISSUER: TestName = { country: 'US', organization: "Let's Test", commonName: 'E7' }
const DEFAULT_LIFETIME = 90 * 86_400_000 - 1000
/** Whether a key can also encrypt other keys (RSA, in TLS before 1.3). */
const RSA_ENCRYPTION = oid('1.2.840.113549.1.1.1')
const MOST_NAMES = 10_000
const EARLIEST = Date.parse('0000-01-01T00:00:00Z')
const LATEST = Date.parse('9999-12-31T23:59:59Z')

/** @throws {@link CtStreamError} `CT_OPTION_INVALID`, before anything is made. */
export function requestedCertificates(
  requests: CertificateRequest | readonly CertificateRequest[],
  options: RequestOptions,
): IssuedCertificate[] {
  const { seed } = objectOption<RequestOptions>('options', options, ['seed'])
  if (seed !== undefined && typeof seed !== 'string') throw optionError('seed', 'a string', seed)
  const isList = Array.isArray(requests)
  const known: KnownIssuers = new Map()
  const plans = (isList ? requests : [requests]).map((request: unknown, i) =>
    planOf(
      isList ? `requests[${i}]` : 'request',
      request,
      seed === undefined ? randomBytes(32).toString('hex') : `${seed}/${i}`,
      known,
    ),
  )
  return plans.flatMap(issue)
}

/** A checked and encoded request, without the parts in which precertificate and certificate differ. */
interface Plan {
  readonly issuer: Issuer
  /** The fields before the extensions. */
  readonly fields: readonly Uint8Array[]
  readonly extensions: readonly Buffer[]
  readonly notBefore: number
  readonly kind: 'certificate' | 'precertificate' | 'pair'
  readonly dnsNames: readonly string[]
  readonly serialNumber: string
}

/** Named CAs that were made before, by the hexadecimal of their encoded name: making one takes longer than issuing a hundred certificates. */
type KnownIssuers = Map<string, Issuer>

function planOf(place: string, value: unknown, seed: string, known: KnownIssuers): Plan {
  const request = objectOption<CertificateRequest>(place, value, KEYS)
  const dnsNames = texts(`${place}.dnsNames`, request.dnsNames)
  const notBefore = dateIn(`${place}.notBefore`, request.notBefore, Math.floor(Date.now() / 1000) * 1000)
  const notAfter = dateIn(`${place}.notAfter`, request.notAfter, Math.min(notBefore + DEFAULT_LIFETIME, LATEST))
  const serial = serialOf(`${place}.serialNumber`, request.serialNumber, seed)
  const issuer = issuerFrom(`${place}.issuer`, request.issuer, known)
  const spki = subjectKey(`${place}.key`, request.key, `${seed}/key`)
  const subject = encodeName(`${place}.subject`, request.subject ?? defaultSubject(dnsNames))
  return {
    issuer,
    fields: [
      VERSION_3,
      tlv(0x02, serial),
      issuer.signer.algorithm,
      issuer.name,
      sequence(time(notBefore), time(notAfter)),
      subject,
      spki,
    ],
    extensions: extensionsOf(place, request, { dnsNames, spki, issuer, isSubjectEmpty: subject.length === 2 }),
    notBefore,
    kind: choiceOption(`${place}.kind`, request.kind, ['certificate', 'precertificate', 'pair'], 'certificate'),
    dnsNames,
    serialNumber: serial.toString('hex'),
  }
}

function issue(
  { issuer, fields, extensions: list, kind, notBefore, ...rest }: Plan,
  issuance: number,
): IssuedCertificate[] {
  const tbsWith = (...more: Buffer[]) => sequence(...fields, extensions([...list, ...more]))
  const common = {
    tbs: Uint8Array.from(tbsWith()),
    issuerKeyHash: issuer.keyHash,
    chain: issuer.chain,
    dnsNames: rest.dnsNames,
    serialNumber: rest.serialNumber,
    issuance,
  }
  const seal = (tbs: Buffer) => {
    const { algorithm, sign } = issuer.signer
    return Uint8Array.from(sequence(tbs, algorithm, bitString(sign(tbs))))
  }
  const scts = () => sctList(SCT_LOGS.map((logId) => unsignedSct(logId, u64(Math.max(0, notBefore)), SCT_HALF)))
  const made: IssuedCertificate[] = []
  if (kind !== 'certificate') made.push({ kind: 'precertificate', der: seal(tbsWith(poison())), ...common })
  if (kind !== 'precertificate') made.push({ kind: 'certificate', der: seal(tbsWith(scts())), ...common })
  return made
}

const SCT_HALF = Buffer.alloc(32, 0x5a)

function u64(value: number): Buffer {
  const bytes = Buffer.alloc(8)
  bytes.writeBigUInt64BE(BigInt(value))
  return bytes
}

function texts(option: string, value: unknown): readonly string[] {
  if (value === undefined) return []
  if (!Array.isArray(value) || value.length > MOST_NAMES)
    throw optionError(option, `an array of at most ${MOST_NAMES} strings`, value)
  value.forEach((text: unknown, i) => {
    if (typeof text !== 'string' || text.length > 10_000 || !isAscii(text))
      throw optionError(
        `${option}[${i}]`,
        'ASCII text of at most 10,000 characters (a name in another script as A-label)',
        text,
      )
  })
  return Object.freeze([...(value as string[])])
}

function dateIn(option: string, value: unknown, fallback: number): number {
  if (value === undefined) return fallback
  const time = dateOption(option, value)
  if (time < EARLIEST || time > LATEST + 999) throw optionError(option, 'a Date of the years 0 to 9999', value)
  return time
}

function serialOf(option: string, value: unknown, seed: string): Buffer {
  if (value === undefined) {
    const serial = createHash('sha256').update(`${seed}/serial`).digest().subarray(0, 16)
    serial[0] = 0x01 + ((serial[0] as number) % 0x7f)
    return serial
  }
  const isHex = typeof value === 'string' && /^(?:[0-9a-f]{2}){1,64}$/.test(value)
  const serial = Buffer.from(isHex ? value : '', 'hex')
  const [first = 0, second] = serial
  // X.690 section 8.3.2: the first nine bits are not all the same.
  const isShortest = second === undefined || (first === 0 ? second >= 0x80 : first !== 0xff || second < 0x80)
  if (!isHex || !isShortest)
    throw optionError(option, 'lower-case hex of 1 to 64 octets, an INTEGER in its shortest form', value)
  return serial
}

function issuerFrom(option: string, value: TestName | TestCa | undefined, known: KnownIssuers): Issuer {
  if (typeof value === 'object' && value !== null && 'certificate' in value) return issuerOf(option, value)
  const key = encodeName(option, value ?? DEFAULT_ISSUER).toString('hex')
  const issuer = known.get(key) ?? namedIssuer(option, value ?? DEFAULT_ISSUER)
  known.set(key, issuer)
  return issuer
}

function subjectKey(option: string, value: unknown, seed: string): Buffer {
  const isKind = typeof value === 'string' && !value.includes('-----')
  if (value === undefined || isKind) return seededSpki(choiceOption(option, value, TEST_KEY_KINDS, 'P-256'), seed)
  return spkiOf(option, value as KeyObject | string | Uint8Array)
}

function defaultSubject([first]: readonly string[]): TestName {
  return first === undefined || first.length > 64 ? {} : { commonName: first }
}

interface Known {
  readonly dnsNames: readonly string[]
  readonly spki: Buffer
  readonly issuer: Issuer
  readonly isSubjectEmpty: boolean
}

function extensionsOf(place: string, request: CertificateRequest, known: Known): readonly Buffer[] {
  const { dnsNames, spki, issuer, isSubjectEmpty } = known
  const names = [
    ...dnsNames.map(dnsName),
    ...addresses(`${place}.ipAddresses`, request.ipAddresses).map(ipAddress),
    ...texts(`${place}.emailAddresses`, request.emailAddresses).map(emailAddress),
    ...texts(`${place}.uris`, request.uris).map(uri),
  ]
  const level = choiceOption(`${place}.validation`, request.validation, ['DV', 'OV', 'IV', 'EV'], 'DV')
  const { policies = [] } = request
  if (!Array.isArray(policies)) throw optionError(`${place}.policies`, 'an array of OIDs', policies)
  const policyIds = [...policies.map((id, i) => oidOption(`${place}.policies[${i}]`, id)), POLICY_OIDS[level]]
  const own: [string, Buffer][] = [
    ['2.5.29.15', spki.includes(RSA_ENCRYPTION) ? keyUsage(0, 2) : keyUsage(0)],
    ['2.5.29.37', extendedKeyUsage(SERVER_AUTH)],
    ['2.5.29.19', notCa()],
    ['2.5.29.14', subjectKeyIdentifier(keyIdentifier(publicKeyBits(spki)))],
    ['2.5.29.35', authorityKeyIdentifier(issuer.keyId)],
    ...(names.length === 0 ? [] : [['2.5.29.17', subjectAltName(names, isSubjectEmpty)] satisfies [string, Buffer]]),
    ['2.5.29.32', certificatePolicies(policyIds.map((id) => ({ id })))],
  ]
  const { extensions: given = [] } = request
  if (!Array.isArray(given)) throw optionError(`${place}.extensions`, 'an array of extensions', given)
  const found = given.map((value: unknown, i) => extensionOption(`${place}.extensions[${i}]`, value))
  const replaced = new Set(found.map(([id]) => id))
  const added = found.flatMap(([, bytes]) => bytes ?? [])
  return [...own.flatMap(([id, bytes]) => (replaced.has(id) ? [] : [bytes])), ...added]
}

function extensionOption(option: string, given: unknown): [string, Buffer | undefined] {
  const { oid: id, critical, value } = objectOption<TestExtension>(option, given, ['oid', 'critical', 'value'])
  oidOption(`${option}.oid`, id)
  if (value === undefined) return [id, undefined]
  if (!(value instanceof Uint8Array)) throw optionError(`${option}.value`, 'DER bytes', value)
  return [id, extension(id, booleanOption(`${option}.critical`, critical, false), value)]
}

function oidOption(option: string, id: unknown): string {
  const isOid = typeof id === 'string' && /^(?:[01]\.(?:[0-9]|[1-3][0-9])|2\.\d{1,9})(?:\.\d{1,15}){0,60}$/.test(id)
  if (!isOid || oid(id).length > 127) throw optionError(option, 'an OID in dotted decimal', id)
  return id
}

function addresses(option: string, given: unknown): Uint8Array[] {
  return texts(option, given).map((text, i) => {
    const octets = parseIpAddress(text)
    if (octets === undefined) throw optionError(`${option}[${i}]`, 'an IPv4 or IPv6 address', text)
    return plain(Uint8Array.from(octets))
  })
}
