import { sign as signOneShot } from 'node:crypto'
import { plain } from '../util/bytes.js'
import { booleanOption, choiceOption, dateOption, integerOption, objectOption, optionError } from '../util/options.js'
import { createIssuers, type TestIssuer } from './certificate-authority.js'
import { ECDSA_SHA256, utcTimeText } from './certificate-parts.js'
import { CERTIFICATE_SHAPES, type CertificateShape, createTemplates } from './certificate-shapes.js'
import { type CertificateTemplate, LABEL, type PatchableBytes } from './certificate-template.js'
import { bitString, sequence, unsignedInteger } from './der-writer.js'
import { type CertificateRequest, type RequestOptions, requestedCertificates } from './requested-certificates.js'
import { SeededRandom } from './seeded.js'

/** An issued certificate or precertificate, ready for `TestLog.add`. */
export interface IssuedCertificate {
  /** As which of the two it is logged. */
  readonly kind: 'certificate' | 'precertificate'
  /** The certificate, or the precertificate as submitted (with poison). */
  readonly der: Uint8Array
  /**
   * TBSCertificate without poison and SCT list, which a log hashes for the precertificate. A precertificate and its certificate share the
   * same object.
   */
  readonly tbs: Uint8Array
  /** SHA-256 of the issuer's SubjectPublicKeyInfo, 32 bytes. */
  readonly issuerKeyHash: Uint8Array
  /** DER of the issuing CA, then of the root; shared by all certificates of one issuer. */
  readonly chain: readonly Uint8Array[]
  /** Every DNS name of the SAN, in order; empty where there is none, as in the shape `'ip-only'`. */
  readonly dnsNames: readonly string[]
  /** Lower-case hex of the content octets, 32 characters unless you chose it. */
  readonly serialNumber: string
  /** Number of the issuance from 0, equal for a precertificate and its certificate. */
  readonly issuance: number
}

/** Options of {@link issueCertificates} for a number of certificates; all optional. */
export interface IssueOptions {
  /** Determines everything except the signatures of end-entity certificates. Default `'ct-stream'`. */
  readonly seed?: string
  /**
   * Whether certificates have real ECDSA P-256 signatures that OpenSSL verifies. `false`, for speed, puts a placeholder of 70 bytes in their
   * place: the seed then determines certificates to the last byte. Default `true`.
   */
  readonly sign?: boolean
  /** `'pairs'`: a precertificate, then its certificate, and so on. Default `'pairs'`. */
  readonly kinds?: 'pairs' | 'certificates' | 'precertificates'
  /** Shapes to choose from, in the proportions of a real log. Default all of {@link CERTIFICATE_SHAPES}. */
  readonly shapes?: readonly CertificateShape[]
  /** Names in the largest certificates, 1 to 10,000. Default 100. */
  readonly maxNames?: number
  /** `notBefore` of the first issuance; each of the following is a second later. Default 2026-01-01T00:00:00Z. */
  readonly notBefore?: Date
}

const OPTION_NAMES = ['seed', 'sign', 'kinds', 'shapes', 'maxNames', 'notBefore'] as const
const DEFAULT_NOT_BEFORE = Date.UTC(2026, 0, 1)

/**
 * Makes realistic certificates and precertificates, no two alike: single names, wildcards, internationalized names, IP
 * addresses only, up to 100 names; RSA-2048 and P-256 keys; domain, organization and extended validation; from five CAs
 * under two roots.
 *
 * Lazy: makes each certificate when it is requested and keeps none, so `count` may be `Infinity`. Spread it for an array:
 * `[...issueCertificates(10)]`. The SCTs inside certificates are well-formed, but their signatures are meaningless.
 *
 * @param count - How many, certificates and precertificates together; a non-negative integer or `Infinity`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` at once for a wrong count or option.
 * @example
 * const log = await createTestLog({ kind: 'static-ct', entries: issueCertificates(1000) })
 */
export function issueCertificates(count: number, options?: IssueOptions): IterableIterator<IssuedCertificate>
/**
 * Makes certificates of your choice, for tests of code that watches for them: names, issuer, validity, key, policies, extensions. Properties
 * that you leave out are as in a typical certificate of today.
 *
 * @param requests - One or several. The result is in the same order, with a pair as two certificates.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, naming the member, before anything is made.
 * @example
 * log.add(issueCertificates({ dnsNames: ['login.example.com'], kind: 'pair' }))
 */
export function issueCertificates(
  requests: CertificateRequest | readonly CertificateRequest[],
  options?: RequestOptions,
): readonly IssuedCertificate[]
export function issueCertificates(
  what: number | CertificateRequest | readonly CertificateRequest[],
  options: IssueOptions | RequestOptions = {},
): Iterable<IssuedCertificate> {
  if (typeof what === 'object' && what !== null) return requestedCertificates(what, options as RequestOptions)
  return countedCertificates(what, options)
}

function countedCertificates(count: number, options: IssueOptions): IterableIterator<IssuedCertificate> {
  if (count !== Number.POSITIVE_INFINITY && !(Number.isSafeInteger(count) && count >= 0))
    throw optionError('count', 'a non-negative integer or Infinity', count)
  const {
    seed = 'ct-stream',
    shapes = CERTIFICATE_SHAPES,
    ...rest
  } = objectOption<IssueOptions>('options', options, OPTION_NAMES)
  if (typeof seed !== 'string') throw optionError('seed', 'a string', seed)
  if (!Array.isArray(shapes) || shapes.length === 0)
    throw optionError('shapes', 'an array of at least one shape', shapes)
  for (const shape of shapes) choiceOption('shapes', shape, CERTIFICATE_SHAPES, 'single')
  return issue(count, {
    seed,
    shapes,
    sign: booleanOption('sign', rest.sign, true),
    kinds: choiceOption('kinds', rest.kinds, ['pairs', 'certificates', 'precertificates'], 'pairs'),
    maxNames: integerOption('maxNames', rest.maxNames, 1, 10_000, 100),
    from: rest.notBefore === undefined ? DEFAULT_NOT_BEFORE : dateOption('notBefore', rest.notBefore),
  })
}

interface Settings {
  readonly seed: string
  readonly shapes: readonly CertificateShape[]
  readonly sign: boolean
  readonly kinds: 'pairs' | 'certificates' | 'precertificates'
  readonly maxNames: number
  readonly from: number
}

function* issue(count: number, settings: Settings): Generator<IssuedCertificate, undefined> {
  const { seed, kinds } = settings
  const random = new SeededRandom(seed)
  const issuers = createIssuers(seed, settings.from)
  const templates = createTemplates(seed, random, issuers, settings.shapes, settings.maxNames)
  const values = new IssuanceValues(settings.from, random)
  for (let made = 0; made < count; ) {
    const template = templates.pick(random.next())
    values.next(template)
    const tbs = plain(values.patch(template.tbs))
    const common = {
      tbs,
      issuerKeyHash: template.spec.issuer.keyHash,
      chain: template.spec.issuer.chain,
      dnsNames: template.spec.dnsNames.map((name) => name.replace(LABEL, values.label)),
      serialNumber: values.serial.toString('hex'),
      issuance: values.issuance,
    }
    if (kinds !== 'certificates') {
      const der = seal(values.patch(template.precertificate), template.spec.issuer, settings.sign)
      yield { kind: 'precertificate', der, ...common }
      made++
    }
    if (kinds !== 'precertificates' && made < count) {
      const der = seal(values.patch(template.certificate), template.spec.issuer, settings.sign)
      yield { kind: 'certificate', der, ...common }
      made++
    }
  }
}

/** The parts that differ from one issuance to the next, and how they are written into the bytes. */
class IssuanceValues {
  issuance = -1
  /** 16 bytes, first bit clear. */
  readonly serial = Buffer.alloc(16)
  label = ''
  private readonly labelBytes = Buffer.alloc(7)
  private readonly addresses = Buffer.alloc(14)
  private readonly sctSignature = Buffer.alloc(32)
  private readonly sctTimestamp = Buffer.alloc(8)
  private notBefore = ''
  private notAfter = ''
  private readonly from: number
  private readonly random: SeededRandom
  private readonly times = new TimeTexts()

  constructor(from: number, random: SeededRandom) {
    this.from = from
    this.random = random
  }

  next(template: CertificateTemplate): void {
    this.issuance++
    const at = this.from + this.issuance * 1000
    this.random.fill(this.serial)
    this.serial[0] = 0x01 + ((this.serial[0] as number) % 0x7f)
    this.label = labelOf(this.issuance)
    this.labelBytes.write(this.label, 'latin1')
    this.notBefore = this.times.text(at)
    this.notAfter = this.times.text(at + template.spec.lifetimeMs)
    if (template.spec.addresses) this.random.fill(this.addresses)
    this.random.fill(this.sctSignature)
    this.sctSignature[0] = 0x01 + ((this.sctSignature[0] as number) % 0x7f)
    this.sctTimestamp.writeBigUInt64BE(BigInt(at))
  }

  patch({ bytes, slots }: PatchableBytes): Buffer {
    const copy = Buffer.allocUnsafeSlow(bytes.length)
    copy.set(bytes)
    for (const at of slots.serial) copy.set(this.serial, at)
    for (const at of slots.label) for (let i = 0; i < 7; i++) copy[at + i] = this.labelBytes[i] as number
    for (const at of slots.notBefore) copy.write(this.notBefore, at, 'latin1')
    for (const at of slots.notAfter) copy.write(this.notAfter, at, 'latin1')
    // 198.18.0.0/15 and 2001:db8::/32 are reserved for tests and documentation (RFC 2544, RFC 3849).
    for (const at of slots.ipv4) {
      copy[at] = 198
      copy[at + 1] = 18 + ((this.addresses[0] as number) % 2)
      copy.set(this.addresses.subarray(0, 2), at + 2)
    }
    for (const at of slots.ipv6) copy.set(this.addresses.subarray(2), at + 4)
    for (const at of slots.sctTimestamp) copy.set(this.sctTimestamp, at)
    for (const at of slots.sctSignature) copy.set(this.sctSignature, at)
    return copy
  }
}

/** Makes `UTCTime` texts. Caches the digits of the day, since issuances are seconds apart. */
class TimeTexts {
  private readonly days = new Map<number, string>()

  text(epochMs: number): string {
    const day = Math.floor(epochMs / 86_400_000)
    let digits = this.days.get(day)
    if (digits === undefined) {
      if (this.days.size > 1000) this.days.clear()
      digits = utcTimeText(day * 86_400_000).slice(0, 6)
      this.days.set(day, digits)
    }
    const second = Math.floor((epochMs - day * 86_400_000) / 1000)
    return (
      digits +
      twoDigits(Math.floor(second / 3600)) +
      twoDigits(Math.floor(second / 60) % 60) +
      twoDigits(second % 60) +
      'Z'
    )
  }
}

const twoDigits = (n: number): string => (n < 10 ? `0${n}` : `${n}`)

const LABELS = 36 ** 6
/** Seven characters that look random, and differ for 2 billion consecutive issuances. */
function labelOf(issuance: number): string {
  // The factor shares no divisor with 36, so that the mapping is one to one.
  const scrambled = ((issuance % LABELS) * 1_000_003 + 123_456_789) % LABELS
  return `h${scrambled.toString(36).padStart(6, '0')}`
}

/** `Certificate ::= SEQUENCE { tbsCertificate, signatureAlgorithm, signatureValue }`. */
function seal(tbs: Buffer, issuer: TestIssuer, sign: boolean): Uint8Array {
  const signature = sign ? bitStringOf(signOneShot('sha256', tbs, issuer.key.privateKey)) : PLACEHOLDER
  const length = tbs.length + ECDSA_SHA256.length + signature.length
  // Every certificate here has more than 255 bytes; one above 65,535 (thousands of names) takes a third length byte.
  const header = length > 0xffff ? 5 : 4
  const der = new Uint8Array(header + length)
  der[0] = 0x30
  der[1] = 0x80 + header - 2
  for (let i = header - 1, rest = length; i >= 2; i--, rest = Math.floor(rest / 256)) der[i] = rest % 256
  der.set(tbs, header)
  der.set(ECDSA_SHA256, header + tbs.length)
  der.set(signature, header + tbs.length + ECDSA_SHA256.length)
  return der
}

/** `03 length 00 signature`: shorter than 128 bytes, so one length byte. */
const bitStringOf = (signature: Uint8Array): Uint8Array => {
  const bits = new Uint8Array(3 + signature.length)
  bits[0] = 0x03
  bits[1] = signature.length + 1
  bits.set(signature, 3)
  return bits
}

const half = Buffer.alloc(32, 0x5a)
const PLACEHOLDER = bitString(sequence(unsignedInteger(half), unsignedInteger(half)))
