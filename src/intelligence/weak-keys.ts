import { createHash } from 'node:crypto'
import { CtStreamError } from '../errors.js'
import type { PublicKeyInfo } from '../types/certificate-fields.js'
import { cutText, harmless } from '../util/harmless.js'
import { DerReader, Tag } from '../x509/der.js'

/** Largest key tested: nobody uses larger ones, and arithmetic with them takes more than linear time. */
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

/**
 * An RSA key as a line of Debian's openssl-blacklist: the last 20 hex digits of the SHA-1 of what `openssl x509 -noout -modulus` prints;
 * `undefined` for other keys, and those that {@link modulusOf} does not read.
 */
export function blacklistEntry({ algorithm, spki }: PublicKeyInfo): string | undefined {
  const modulus = algorithm === 'RSA' ? modulusOf(spki) : undefined
  if (modulus === undefined) return undefined
  const hex = modulus.toString(16).toUpperCase()
  const even = hex.length % 2 === 0 ? hex : `0${hex}`
  return createHash('sha1').update(`Modulus=${even}\n`).digest('hex').slice(20)
}

/** Most keys of a list: more than any known list has. */
const MAX_KEYS = 10_000_000

/**
 * Reads a list of weak keys: one a line, as SHA-256 of the SubjectPublicKeyInfo (64 hex digits) or as in Debian's openssl-blacklist (20);
 * `#` begins a comment.
 *
 * @param file - Name of the file, for errors.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, naming the line that is no key, or for more than 10,000,000 keys.
 */
export function readWeakKeys(text: string, file: string, keys: Set<string> = new Set()): Set<string> {
  let line = 0
  for (const [, whole = ''] of text.matchAll(/([^\n]*)(?:\n|$)/g)) {
    line += 1
    const key = (whole.split('#', 1)[0] ?? '').trim().toLowerCase()
    if (key === '') continue
    if (!/^(?:[0-9a-f]{64}|[0-9a-f]{20})$/.test(key))
      throw notKeys(file, line, `"${harmless(cutText(key, 80))}" is neither 64 nor 20 hex digits`)
    keys.add(key)
    if (keys.size > MAX_KEYS) throw notKeys(file, line, `there are more than ${MAX_KEYS} keys`)
  }
  return keys
}

function notKeys(file: string, line: number, problem: string): CtStreamError {
  return new CtStreamError('CT_OPTION_INVALID', `list of weak keys ${file}, line ${line}: ${problem}`)
}

/** The first odd primes, by which numbers of the faulty generator are recognized. */
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

/** Rounds that BR 6.1.1.3 requires. */
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
