import {
  createECDH,
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  KeyObject,
  sign as signOneShot,
} from 'node:crypto'
import { optionError } from '../util/options.js'
import { readAll, readOne } from './der-reader.js'
import { bitString, nul, oid, sequence } from './der-writer.js'
import { SeededKey, SeededRandom, seededRsaSpki } from './seeded.js'

/** Kinds of keys that test certificates can be made with: by their name in `cert.publicKey`, RSA with its size in bits. */
export type TestKeyKind = 'P-256' | 'P-384' | 'P-521' | 'RSA-2048' | 'RSA-3072' | 'RSA-4096' | 'Ed25519'

export const TEST_KEY_KINDS: readonly TestKeyKind[] = Object.freeze([
  'P-256',
  'P-384',
  'P-521',
  'RSA-2048',
  'RSA-3072',
  'RSA-4096',
  'Ed25519',
])

const CURVES = {
  'P-384': { name: 'secp384r1', oid: '1.3.132.0.34', bytes: 48 },
  'P-521': { name: 'secp521r1', oid: '1.3.132.0.35', bytes: 66 },
} as const

/**
 * SubjectPublicKeyInfo of a key that depends on nothing but the seed. Nobody has the private part of an RSA one, and none is worth
 * keeping secret.
 */
export function seededSpki(kind: TestKeyKind, seed: string): Buffer {
  if (kind === 'P-256') return new SeededKey(seed).spki
  if (kind === 'Ed25519') return ed25519Spki(createHash('sha256').update(seed).digest())
  if (kind === 'P-384' || kind === 'P-521') {
    const curve = CURVES[kind]
    const ecdh = createECDH(curve.name)
    const scalar = new SeededRandom(seed).bytes(curve.bytes)
    // Well below the order of either group, whose first bits are ones.
    scalar[0] = 0
    scalar[1] = 1
    ecdh.setPrivateKey(scalar)
    return sequence(sequence(oid('1.2.840.10045.2.1'), oid(curve.oid)), bitString(ecdh.getPublicKey()))
  }
  return seededRsaSpki(new SeededRandom(seed), Number(kind.slice(4)))
}

/** PKCS #8 of an Ed25519 key (RFC 8410 section 7) up to its 32 octets. */
const ED25519_PKCS8 = Buffer.from('302e020100300506032b657004220420', 'hex')

function ed25519Spki(secret: Buffer): Buffer {
  const key = createPrivateKey({ key: Buffer.concat([ED25519_PKCS8, secret]), format: 'der', type: 'pkcs8' })
  return createPublicKey(key).export({ format: 'der', type: 'spki' })
}

/** A new private key of this kind. */
export function newPrivateKey(kind: TestKeyKind): KeyObject {
  if (kind === 'Ed25519') return generateKeyPairSync('ed25519').privateKey
  if (kind === 'P-256' || kind === 'P-384' || kind === 'P-521')
    return generateKeyPairSync('ec', { namedCurve: kind }).privateKey
  return generateKeyPairSync('rsa', { modulusLength: Number(kind.slice(4)) }).privateKey
}

/** SubjectPublicKeyInfo of a public or private key as the caller has it. @throws `CT_OPTION_INVALID` */
export function spkiOf(option: string, key: KeyObject | string | Uint8Array): Buffer {
  try {
    if (key instanceof Uint8Array) {
      const der = Buffer.from(key)
      createPublicKey({ key: der, format: 'der', type: 'spki' })
      return der
    }
    // A public KeyObject is not taken for a source of one.
    const isPublic = key instanceof KeyObject && key.type === 'public'
    return (isPublic ? key : createPublicKey(key)).export({ format: 'der', type: 'spki' })
  } catch (cause) {
    throw Object.assign(optionError(option, 'a kind of key, a KeyObject, PEM, or DER SubjectPublicKeyInfo', '…'), {
      cause,
    })
  }
}

/** The private key the caller has. @throws `CT_OPTION_INVALID` */
export function privateKeyOf(option: string, key: unknown): KeyObject {
  try {
    if (typeof key === 'string') return createPrivateKey(key)
    if (key instanceof KeyObject && key.type === 'private') return key
  } catch (cause) {
    throw Object.assign(optionError(option, 'a private key (KeyObject or PEM)', '…'), { cause })
  }
  throw optionError(option, 'a private key (KeyObject or PEM)', '…')
}

/** How a CA with this key signs: the `AlgorithmIdentifier`, and the signature. */
export interface Signer {
  readonly algorithm: Buffer
  sign(data: Uint8Array): Buffer
}

/** @throws `CT_OPTION_INVALID` for a key of another kind than {@link TestKeyKind} names, any size of RSA. */
export function signerOf(option: string, key: KeyObject): Signer {
  const of = (algorithm: Buffer, digest: string | null) => ({
    algorithm: sequence(algorithm),
    sign: (data: Uint8Array) => signOneShot(digest, data, key),
  })
  if (key.asymmetricKeyType === 'ed25519') return of(oid('1.3.101.112'), null)
  if (key.asymmetricKeyType === 'rsa') return of(Buffer.concat([oid('1.2.840.113549.1.1.11'), nul()]), 'sha256')
  const curve = key.asymmetricKeyDetails?.namedCurve
  if (curve === 'prime256v1') return of(oid('1.2.840.10045.4.3.2'), 'sha256')
  if (curve === 'secp384r1') return of(oid('1.2.840.10045.4.3.3'), 'sha384')
  if (curve === 'secp521r1') return of(oid('1.2.840.10045.4.3.4'), 'sha512')
  throw optionError(option, 'an RSA, P-256, P-384, P-521 or Ed25519 key', curve ?? key.asymmetricKeyType)
}

/** The bits that a key identifier hashes: the BIT STRING of a SubjectPublicKeyInfo without its count of unused bits. */
export function publicKeyBits(spki: Uint8Array): Uint8Array {
  return readAll(readOne(spki).content)[1]?.content.subarray(1) ?? new Uint8Array()
}
