import { CtStreamError } from '../errors.js'
import { equalBytes } from '../util/bytes.js'
import { HASH_LENGTH, nodeHash } from './hash.js'
import { consistencyShape, isPowerOfTwo } from './proof-shape.js'

/**
 * Checks that the tree of `first` entries is a prefix of the tree of `second` entries.
 *
 * @param first - `0 < first <= second`; safe integers. 0 is refused: every tree extends the empty one, so there is nothing to verify.
 * @param proof - 32 bytes each, as `get-sth-consistency` gives them; empty exactly when the sizes are equal.
 * @param firstRoot - Root of the first tree.
 * @param secondRoot - Root of the second.
 * @throws {@link CtStreamError} `CT_CONSISTENCY`, retryable, when the proof does not verify.
 * @see RFC 6962 section 2.1.2, RFC 9162 section 2.1.4.2
 */
export function verifyConsistency(
  first: number,
  second: number,
  proof: readonly Uint8Array[],
  firstRoot: Uint8Array,
  secondRoot: Uint8Array,
): void {
  checkConsistencyProof(first, second, proof)
  if (first === second) {
    if (!equalBytes(firstRoot, secondRoot)) throw refuseConsistency(first, second, 'the same size with two roots')
    return
  }
  if (firstRoot.length !== HASH_LENGTH) throw refuseConsistency(first, second, 'the first root is not 32 bytes long')
  const led = rootsFromConsistency(first, second, proof, firstRoot)
  if (!equalBytes(led.first, firstRoot)) throw refuseConsistency(first, second, 'it leads to another first root')
  if (!equalBytes(led.second, secondRoot)) throw refuseConsistency(first, second, 'it leads to another second root')
}

/**
 * The two roots that a consistency proof leads to. When `second` equals a signed root, `first` is the root of the first entries of
 * that tree, whatever another head claims.
 *
 * @param first - `0 < first < second`.
 * @param firstRoot - Used as is when `first` is a power of two, because the proof then leaves it out.
 * @throws {@link CtStreamError} `CT_CONSISTENCY` when no proof between these sizes has this shape.
 */
export function rootsFromConsistency(
  first: number,
  second: number,
  proof: readonly Uint8Array[],
  firstRoot: Uint8Array,
): { readonly first: Uint8Array; readonly second: Uint8Array } {
  checkConsistencyProof(first, second, proof)
  // "If first is an exact power of 2, then prepend first_hash to the consistency_path array."
  const path = isPowerOfTwo(first) ? [firstRoot, ...proof] : proof
  let fn = first - 1
  let sn = second - 1
  while (fn % 2 === 1) {
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  let fr = path[0] as Uint8Array
  let sr = fr
  for (const c of path.slice(1)) {
    if (fn % 2 === 1 || fn === sn) {
      fr = nodeHash(c, fr)
      sr = nodeHash(c, sr)
      // "If LSB(fn) is not set, then right-shift both fn and sn equally until either LSB(fn) is set or fn is 0."
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2
        sn = Math.floor(sn / 2)
      }
    } else {
      sr = nodeHash(sr, c)
    }
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return { first: fr, second: sr }
}

/** Refuses a proof with the wrong shape for these sizes, before anything is hashed. */
export function checkConsistencyProof(first: number, second: number, proof: readonly Uint8Array[]): void {
  if (!Number.isSafeInteger(first) || !Number.isSafeInteger(second) || first < 1 || first > second)
    throw refuseConsistency(first, second, 'the sizes are not 0 < first <= second')
  const length = consistencyShape(first, second).length
  if (proof.length !== length)
    throw refuseConsistency(first, second, `${proof.length} hashes instead of ${length}`, length, proof.length)
  if (proof.some((hash) => hash.length !== HASH_LENGTH))
    throw refuseConsistency(first, second, 'a hash is not 32 bytes long')
}

export function refuseConsistency(
  first: number,
  second: number,
  reason: string,
  expected?: number,
  actual?: number,
): CtStreamError {
  return new CtStreamError('CT_CONSISTENCY', `consistency proof from ${first} to ${second} entries: ${reason}`, {
    retryable: true,
    expected,
    actual,
  })
}
