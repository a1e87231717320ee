import { hash, type KeyObject, randomBytes } from 'node:crypto'
import { choiceOption, dateOption, integerOption, objectOption, optionError } from '../util/options.js'
import {
  authorityKeyIdentifier,
  ca,
  extensions,
  keyIdentifier,
  keyUsage,
  subjectKeyIdentifier,
  time,
  VERSION_3,
} from './certificate-parts.js'
import { readAll, readOne } from './der-reader.js'
import { bitString, sequence, unsignedInteger } from './der-writer.js'
import { SeededKey } from './seeded.js'
import {
  newPrivateKey,
  privateKeyOf,
  publicKeyBits,
  type Signer,
  signerOf,
  spkiOf,
  TEST_KEY_KINDS,
  type TestKeyKind,
} from './test-key.js'
import { encodeName, type TestName } from './test-name.js'

/** The caller's CA: made by {@link createTestCa}, or any certificate with its private key. */
export interface TestCa {
  /** DER. */
  readonly certificate: Uint8Array
  /** Its private key, RSA, P-256, P-384, P-521 or Ed25519: a `KeyObject` or PEM. */
  readonly key: KeyObject | string
  /** DER of the certificates above it, nearest first. Default none. */
  readonly chain?: readonly Uint8Array[]
}

/** Options of {@link createTestCa}; all optional. */
export interface TestCaOptions {
  /** Subject. Default `{ commonName: 'Test CA' }`. */
  readonly name?: TestName
  /** The CA that signs it. Default none: it is a root and signs itself. */
  readonly parent?: TestCa
  /** A kind of key, or a private key of the caller's (`KeyObject` or PEM). Default a new `'P-256'`. */
  readonly key?: TestKeyKind | KeyObject | string
  /** Default 2000-01-01T00:00:00Z. */
  readonly notBefore?: Date
  /** The last second, as in the certificate. Default 2049-12-31T23:59:59Z. */
  readonly notAfter?: Date
  /** `pathLenConstraint` of BasicConstraints, 0 to 127. Default none. */
  readonly pathLength?: number
}

const FROM = Date.UTC(2000, 0, 1)
const TO = Date.UTC(2049, 11, 31, 23, 59, 59)

/** What certificates of a CA need of it. */
export interface Issuer {
  /** Encoded `Name`. */
  readonly name: Uint8Array
  /** Subject key identifier. */
  readonly keyId: Uint8Array
  /** SHA-256 of the SubjectPublicKeyInfo: `issuer_key_hash` of RFC 6962 section 3.2. */
  readonly keyHash: Uint8Array
  /** Its own certificate, then those above it. */
  readonly chain: readonly Uint8Array[]
  readonly signer: Signer
}

/**
 * Makes a CA for `issueCertificates({ …, issuer })`: a root, or an issuing CA below a `parent`.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a wrong option.
 * @example
 * const root = createTestCa({ name: { organization: 'Example Trust', commonName: 'Example Root' } })
 * const issuer = createTestCa({ name: { commonName: 'Example CA 1' }, parent: root })
 * log.add(issueCertificates({ dnsNames: ['example.com'], issuer }))
 */
export function createTestCa(options: TestCaOptions = {}): TestCa {
  const given = objectOption<TestCaOptions>('options', options, [
    'name',
    'parent',
    'key',
    'notBefore',
    'notAfter',
    'pathLength',
  ])
  const name = encodeName('name', given.name ?? { commonName: 'Test CA' })
  const parent = given.parent === undefined ? undefined : issuerOf('parent', given.parent)
  const key = caKey(given.key)
  const spki = spkiOf('key', key)
  const notBefore = given.notBefore === undefined ? FROM : dateOption('notBefore', given.notBefore)
  const notAfter = given.notAfter === undefined ? TO : dateOption('notAfter', given.notAfter)
  const pathLength =
    given.pathLength === undefined ? undefined : integerOption('pathLength', given.pathLength, 0, 127, 0)
  const serial = randomBytes(16)
  serial[0] = 0x40 + ((serial[0] as number) % 0x40)
  const signer = signerOf('key', key)
  const certificate = signedCa({ name, spki, serial, notBefore, notAfter, pathLength }, parent, signer)
  return Object.freeze({ certificate, key, chain: Object.freeze(parent?.chain.slice() ?? []) })
}

function caKey(given: unknown): KeyObject {
  const isKind = typeof given === 'string' && !given.includes('-----')
  if (given === undefined || isKind) return newPrivateKey(choiceOption('key', given, TEST_KEY_KINDS, 'P-256'))
  return privateKeyOf('key', given)
}

/**
 * The issuing CA with this name, and the root above it: the same in every run, so that certificates of one name have one issuer.
 */
export function namedIssuer(option: string, name: TestName): Issuer {
  const subject = encodeName(option, name)
  const rootName = encodeName(option, { country: 'US', organization: 'ct-stream', commonName: 'Test Root' })
  const root = seededCa(rootName, undefined)
  return seededCa(subject, root).issuer
}

interface SeededCa {
  readonly issuer: Issuer
  /** Signs the certificates of CAs, which are the same in every run; too slow for others. */
  readonly deterministic: Signer
}

function seededCa(name: Buffer, parent: SeededCa | undefined): SeededCa {
  const seed = `ct-stream/ca/${name.toString('hex')}`
  const key = new SeededKey(seed)
  const serial = Buffer.from(sha256(Buffer.from(seed)).subarray(0, 16))
  serial[0] = 0x40 + ((serial[0] as number) % 0x40)
  const signer = signerOf('issuer', key.privateKey)
  const deterministic = { algorithm: signer.algorithm, sign: (tbs: Uint8Array) => key.signDeterministic(tbs) }
  const pathLength = parent === undefined ? undefined : 0
  const part = { name, spki: key.spki, serial, notBefore: FROM, notAfter: TO, pathLength }
  const above = parent && { ...parent.issuer, signer: parent.deterministic }
  const certificate = signedCa(part, above, deterministic)
  const chain = [certificate, ...(parent?.issuer.chain ?? [])]
  return {
    issuer: { name, keyId: keyIdentifier(key.point), keyHash: sha256(key.spki), chain, signer },
    deterministic,
  }
}

interface CaParts {
  readonly name: Buffer
  readonly spki: Buffer
  readonly serial: Buffer
  readonly notBefore: number
  readonly notAfter: number
  readonly pathLength: number | undefined
}

/** @param own - Signs it when there is no parent. */
function signedCa(part: CaParts, parent: Issuer | undefined, own: Signer): Uint8Array {
  const { algorithm, sign } = parent?.signer ?? own
  const keyId = keyIdentifier(publicKeyBits(part.spki))
  const tbs = sequence(
    VERSION_3,
    unsignedInteger(part.serial),
    algorithm,
    parent?.name ?? part.name,
    sequence(time(part.notBefore), time(part.notAfter)),
    part.name,
    part.spki,
    extensions([
      keyUsage(5, 6),
      ca(part.pathLength),
      subjectKeyIdentifier(keyId),
      ...(parent === undefined ? [] : [authorityKeyIdentifier(parent.keyId)]),
    ]),
  )
  return Uint8Array.from(sequence(tbs, algorithm, bitString(sign(tbs))))
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` for what is no CA certificate with its private key. */
export function issuerOf(option: string, given: TestCa): Issuer {
  const { certificate, key, chain = [] } = objectOption<TestCa>(option, given, ['certificate', 'key', 'chain'])
  if (!(certificate instanceof Uint8Array)) throw optionError(`${option}.certificate`, 'DER bytes', certificate)
  if (!Array.isArray(chain) || !chain.every((der) => der instanceof Uint8Array))
    throw optionError(`${option}.chain`, 'an array of DER bytes', chain)
  const { name, spki, keyId } = partsOf(option, certificate)
  const privateKey = privateKeyOf(`${option}.key`, key)
  if (!spkiOf(`${option}.key`, privateKey).equals(spki))
    throw optionError(`${option}.key`, 'the private key of the certificate beside it', '…')
  return {
    name,
    keyId,
    keyHash: sha256(spki),
    chain: [Uint8Array.from(certificate), ...chain.map((der) => Uint8Array.from(der))],
    signer: signerOf(`${option}.key`, privateKey),
  }
}

const SUBJECT_KEY_ID = '0603551d0e'

/** TBSCertificate ::= SEQUENCE { [0] version, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo, …, [3] extensions } */
function partsOf(option: string, certificate: Uint8Array): { name: Uint8Array; spki: Uint8Array; keyId: Uint8Array } {
  try {
    const [tbs] = readAll(readOne(certificate).content)
    const fields = readAll(tbs?.content ?? new Uint8Array()).filter(({ tag }) => tag !== 0xa0)
    const [name, spki] = [fields[4]?.whole, fields[5]?.whole]
    if (name === undefined || spki === undefined) throw new RangeError('too few fields')
    const list = fields.find(({ tag }) => tag === 0xa3)
    const written = list === undefined ? [] : readAll(readOne(list.content).content)
    const own = written.find(({ content }) => Buffer.from(content.subarray(0, 5)).toString('hex') === SUBJECT_KEY_ID)
    const value = own === undefined ? undefined : readAll(own.content).at(-1)
    const keyId = value === undefined ? keyIdentifier(publicKeyBits(spki)) : readOne(value.content).content
    return { name, spki, keyId }
  } catch (cause) {
    throw Object.assign(optionError(`${option}.certificate`, 'the DER of a certificate', certificate), { cause })
  }
}

const sha256 = (data: Uint8Array): Uint8Array => Uint8Array.from(hash('sha256', data, 'buffer'))
