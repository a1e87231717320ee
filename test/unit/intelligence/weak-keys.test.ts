import { createHash } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { decodeSingle } from '../../../src/decode/single-certificate.js'
import { inspectCertificate } from '../../../src/intelligence/inspect.js'
import {
  blacklistEntry,
  isRocaModulus,
  modulusOf,
  readWeakKeys,
  splitsByFermat,
} from '../../../src/intelligence/weak-keys.js'
import { issueCertificates } from '../../../src/testing/index.js'
import { describeReal, realData } from '../../real-data.js'
import { bitString, bytes, fromHex, integer, oid, sequence, tlv } from '../x509/build.js'
import { certificateIn } from './linted.js'

const hexOf = (n: bigint) => {
  const hex = n.toString(16)
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return /^[89a-f]/.test(even) ? `00${even}` : even
}
const spkiOf = (modulus: bigint, exponent = '010001') =>
  sequence(
    sequence(oid('1.2.840.113549.1.1.1'), tlv(0x05)),
    bitString(bytes(sequence(integer(hexOf(modulus)), integer(exponent)))),
  )
/** A number of so many bits that is the same in every run. */
const numberOf = (seed: string, bits: number) => {
  let hex = ''
  for (let i = 0; hex.length < bits / 4; i++) hex += createHash('sha256').update(`${seed}${i}`).digest('hex')
  return BigInt(`0x${hex.slice(0, bits / 4)}`) | (1n << BigInt(bits - 1)) | 1n
}
const primes = [2, 3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97]
primes.push(101, 103, 107, 109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167)

/** A prime of the faulty library is k * M + (65537^a mod M), with M the product of the first primes; whether it is prime matters not. */
function rocaNumber(k: bigint, a: number): bigint {
  const m = primes.reduce((product, prime) => product * BigInt(prime), 1n)
  let power = 1n
  for (let i = 0; i < a; i++) power = (power * 65_537n) % m
  return k * m + power
}

describe('weak keys', () => {
  it('of the ROCA form are found, and no others', () => {
    const modulus = rocaNumber(numberOf('p', 800), 1234) * rocaNumber(numberOf('q', 800), 4321)
    expect(isRocaModulus(modulus)).toBe(true)
    for (let i = 0; i < 200; i++) expect(isRocaModulus(numberOf(`honest ${i}`, 2048))).toBe(false)
  })

  it('with close primes are found, and no others, up to the hundredth round', () => {
    const p = numberOf('prime', 1024)
    expect(splitsByFermat(p * (p + 1000n))).toBe(true)
    expect(splitsByFermat(p * (p + (1n << 516n)))).toBe(true)
    expect(splitsByFermat(p * (p + (1n << 530n)))).toBe(false)
    expect(splitsByFermat(p * numberOf('other', 1024))).toBe(false)
  })

  it('are looked for where it is asked for, in certificates', () => {
    const p = numberOf('prime', 1024)
    const key = spkiOf(p * (p + 1000n))
    const [issued] = [...issueCertificates({ dnsNames: ['a.example.com'], key })]
    const cert = decodeSingle(issued?.der ?? new Uint8Array(), {})
    const rules = (options: object) => inspectCertificate(cert, options).breaches.map(({ rule }) => rule)
    expect(rules({})).not.toContain('key-close-primes')
    expect(rules({ weakKeys: true })).toContain('key-close-primes')
    expect(rules({ knownWeakKeys: new Set([cert.publicKey?.spkiSha256]) })).toContain('key-known-weak')
  })

  it('that are no keys, or far too large, are not tried', () => {
    const huge = numberOf('huge', 20_000)
    expect(modulusOf(spkiOf(huge))).toBeUndefined()
    expect(modulusOf(spkiOf(65_537n))).toBeUndefined()
    expect(modulusOf(fromHex('3003020101'))).toBeUndefined()
    expect(modulusOf(new Uint8Array())).toBeUndefined()
  })
})

describe('a list of weak keys', () => {
  it('has keys in both forms, and comments', () => {
    const text = `# RSA-2048\n00005890BC78bcbee3ca  # one\r\n\n${'ab'.repeat(32)}`
    expect(readWeakKeys(text, 'a.txt')).toEqual(new Set(['00005890bc78bcbee3ca', 'ab'.repeat(32)]))
    expect(readWeakKeys('', 'a.txt')).toEqual(new Set())
  })

  it('names the line that is none', () => {
    expect(() => readWeakKeys(`00005890bc78bcbee3ca\n\n\u001b[31m${'x'.repeat(999)}`, 'a.txt')).toThrow(
      /^list of weak keys a\.txt, line 3: "\\x1b\[31mx{74}…" is neither 64 nor 20 hex digits$/,
    )
  })
})

describeReal('weak keys of real certificates', () => {
  it("are found in zlint's", () => {
    const of = (name: string) => {
      const { publicKey } = certificateIn(realData('zmap+zlint', 'v3', 'testdata', `${name}.pem`))
      return splitsByFermat(modulusOf(publicKey?.spki ?? new Uint8Array()) ?? 2n ** 2048n + 1n)
    }
    expect(of('rsaFermatFactorizationSusceptible')).toBe(true)
    expect(of('mpModulus2048')).toBe(false)
  })

  it("are named as in Debian's lists", () => {
    const cert = certificateIn(realData('zmap+zlint', 'v3', 'testdata', 'mpModulus2048.pem'))
    // OpenSSL 3.0: openssl x509 -noout -modulus -in mpModulus2048.pem | sha1sum | cut -d' ' -f1 | cut -c21-
    const entry = 'a205a84578115b9d8ede'
    expect(cert.publicKey && blacklistEntry(cert.publicKey)).toBe(entry)
    const { breaches } = inspectCertificate(cert, { knownWeakKeys: readWeakKeys(entry, 'a.txt') })
    expect(breaches.map(({ rule }) => rule)).toContain('key-known-weak')
  })
})
