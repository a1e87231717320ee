import { createECDH, createHash, createHmac, createPrivateKey, type KeyObject } from 'node:crypto'
import { bitString, oid, sequence, unsignedInteger } from './der-writer.js'

/** A random generator of 32-bit numbers that depends only on its seed (sfc32). For test data only. */
export class SeededRandom {
  private a: number
  private b: number
  private c: number
  private counter: number

  constructor(seed: string) {
    const digest = createHash('sha256').update(seed).digest()
    this.a = digest.readInt32LE(0)
    this.b = digest.readInt32LE(4)
    this.c = digest.readInt32LE(8)
    this.counter = digest.readInt32LE(12)
  }

  /** Uniform in [0, 2^32). The bit operations are on 32-bit words by design. */
  next(): number {
    const result = (((this.a + this.b) | 0) + this.counter) | 0
    this.counter = (this.counter + 1) | 0
    this.a = this.b ^ (this.b >>> 9)
    this.b = (this.c + (this.c << 3)) | 0
    this.c = (((this.c << 21) | (this.c >>> 11)) + result) | 0
    return result >>> 0
  }

  /** An integer in [0, bound). */
  below(bound: number): number {
    return Math.floor((this.next() / 2 ** 32) * bound)
  }

  fill(bytes: Uint8Array, start = 0, end = bytes.length): void {
    for (let at = start; at < end; at += 4) {
      let word = this.next()
      for (let i = at; i < at + 4 && i < end; i++) {
        bytes[i] = word % 256
        word = Math.floor(word / 256)
      }
    }
  }

  bytes(length: number): Buffer {
    const bytes = Buffer.alloc(length)
    this.fill(bytes)
    return bytes
  }
}

/** Order of the P-256 group (FIPS 186-4, D.1.2.3). */
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n

/** A P-256 key that depends only on its seed. Useless as a secret. */
export class SeededKey {
  /** SubjectPublicKeyInfo, 91 bytes. */
  readonly spki: Buffer
  /** The uncompressed point, 65 bytes, of which a subject key identifier is the hash. */
  readonly point: Buffer
  readonly privateKey: KeyObject
  private readonly scalar: bigint

  constructor(seed: string) {
    this.scalar = (toBigInt(createHash('sha256').update(seed).digest()) % (N - 1n)) + 1n
    this.point = multiplyBase(this.scalar)
    this.spki = sequence(sequence(oid('1.2.840.10045.2.1'), oid('1.2.840.10045.3.1.7')), bitString(this.point))
    this.privateKey = createPrivateKey({
      format: 'jwk',
      key: {
        kty: 'EC',
        crv: 'P-256',
        d: to32Bytes(this.scalar).toString('base64url'),
        x: this.point.subarray(1, 33).toString('base64url'),
        y: this.point.subarray(33, 65).toString('base64url'),
      },
    })
  }

  /**
   * ECDSA-Sig-Value over SHA-256 of `data`, the same at every call: the nonce is derived from key and data. A hundred
   * times slower than OpenSSL; meant for the few bytes that must be the same in every run.
   */
  signDeterministic(data: Uint8Array): Buffer {
    const digest = createHash('sha256').update(data).digest()
    const nonce = (toBigInt(createHmac('sha256', to32Bytes(this.scalar)).update(digest).digest()) % (N - 1n)) + 1n
    const r = toBigInt(multiplyBase(nonce).subarray(1, 33)) % N
    const s = (inverse(nonce) * (toBigInt(digest) + r * this.scalar)) % N
    return sequence(unsignedInteger(to32Bytes(r)), unsignedInteger(to32Bytes(s)))
  }
}

function multiplyBase(scalar: bigint): Buffer {
  const ecdh = createECDH('prime256v1')
  ecdh.setPrivateKey(to32Bytes(scalar))
  return ecdh.getPublicKey()
}

/** Modular inverse by Fermat's little theorem: the group order is prime. */
function inverse(value: bigint): bigint {
  let result = 1n
  let base = value % N
  for (let exponent = N - 2n; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) result = (result * base) % N
    base = (base * base) % N
  }
  return result
}

const toBigInt = (bytes: Uint8Array): bigint => BigInt(`0x${Buffer.from(bytes).toString('hex')}`)
const to32Bytes = (value: bigint): Buffer => Buffer.from(value.toString(16).padStart(64, '0'), 'hex')

/**
 * SubjectPublicKeyInfo of an RSA key without a private key: the modulus is a random odd number. Subject keys of test certificates never
 * sign anything, and generating a real RSA key takes a tenth of a second.
 *
 * @param bits - Length of the modulus, a multiple of 8.
 */
export function seededRsaSpki(random: SeededRandom, bits = 2048): Buffer {
  const modulus = random.bytes(bits / 8)
  const last = modulus.length - 1
  modulus[0] = 0x80 + ((modulus[0] as number) % 0x80)
  modulus[last] = (modulus[last] as number) - ((modulus[last] as number) % 2) + 1
  const rsaPublicKey = sequence(unsignedInteger(modulus), unsignedInteger(Buffer.from('010001', 'hex')))
  return sequence(sequence(oid('1.2.840.113549.1.1.1'), Buffer.of(0x05, 0x00)), bitString(rsaPublicKey))
}
