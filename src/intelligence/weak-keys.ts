import { CtStreamError } from '../errors.js'
import { DerReader, Tag } from '../x509/der.js'

/** Larger keys nobody uses, and big numbers take more than linear time. */
const MAX_OCTETS = 2048
const MIN_OCTETS = 64

/** The modulus of an RSA SubjectPublicKeyInfo; `undefined` when it cannot be read, or has less than 512 or more than 16,384 bits. */
export function modulusOf(spki: Uint8Array): bigint | undefined {
  try {
    const reader = new DerReader(spki)
    reader.expect(Tag.sequence, 'SubjectPublicKeyInfo')
    reader.enter()
    reader.expect(Tag.sequence, 'AlgorithmIdentifier')
    reader.expect(Tag.bitString, 'subjectPublicKey')
    const key = new DerReader(spki, reader.start + 1, reader.stop)
    key.expect(Tag.sequence, 'RSAPublicKey')
    key.enter()
    key.expect(Tag.integer, 'modulus')
    const hex = Buffer.from(key.content()).toString('hex').replace(/^0+/, '')
    const octets = hex.length / 2
    return octets < MIN_OCTETS || octets > MAX_OCTETS ? undefined : BigInt(`0x${hex}`)
  } catch (error) {
    if (CtStreamError.is(error)) return undefined
    throw error
  }
}

/** The first primes, by which the faulty generator's numbers give themselves away. 2 says nothing. */
const PRIMES: readonly number[] = [
  ...[3, 5, 7, 11, 13, 17, 19, 23, 29, 31, 37, 41, 43, 47, 53, 59, 61, 67, 71, 73, 79, 83, 89, 97, 101, 103, 107],
  ...[109, 113, 127, 131, 137, 139, 149, 151, 157, 163, 167],
]
const GENERATOR = 65_537
let powers: readonly ReadonlySet<number>[] | undefined

/**
 * Whether a modulus has the form of keys that the library RSALib made (CVE-2017-15361, "ROCA"): it is a power of 65537 modulo each of the
 * first primes. One of some hundred million other moduli has it too.
 *
 * @see Nemec et al., The Return of Coppersmith's Attack, 2017, section 2.2
 */
export function isRocaModulus(modulus: bigint): boolean {
  powers ??= PRIMES.map(powersModulo)
  const sets = powers
  return PRIMES.every((prime, i) => sets[i]?.has(Number(modulus % BigInt(prime))))
}

function powersModulo(prime: number): ReadonlySet<number> {
  const found = new Set<number>()
  for (let power = 1; !found.has(power); power = (power * GENERATOR) % prime) found.add(power)
  return found
}

/** As BR 6.1.1.3 asks for. */
const ROUNDS = 100

/** Whether the primes of a modulus are so close to each other that Fermat's method finds them in 100 rounds. */
export function splitsByFermat(modulus: bigint): boolean {
  if (modulus % 2n === 0n) return true
  let a = squareRoot(modulus)
  if (a * a < modulus) a += 1n
  for (let round = 0; round < ROUNDS; round++, a += 1n) if (isSquare(a * a - modulus)) return true
  return false
}

const SQUARES_64 = new Set(Array.from({ length: 64 }, (_, n) => (n * n) % 64))

function isSquare(n: bigint): boolean {
  if (!SQUARES_64.has(Number(n & 63n))) return false
  const root = squareRoot(n)
  return root * root === n
}

/** Rounded down; Newton's method from above. */
function squareRoot(n: bigint): bigint {
  if (n < 2n) return n
  let root = 1n << BigInt(Math.ceil(n.toString(16).length * 2) + 1)
  for (;;) {
    const next = (root + n / root) >> 1n
    if (next >= root) return root
    root = next
  }
}
