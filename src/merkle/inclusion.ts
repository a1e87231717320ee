import { CtStreamError } from '../errors.js'
import { equalBytes } from '../util/bytes.js'
import { HASH_LENGTH, nodeHash } from './hash.js'
import { inclusionShape } from './proof-shape.js'

/**
 * Recomputes the root of `[0, treeSize)` from an inclusion proof.
 *
 * @param leafHash - 32 bytes, SHA-256(0x00 || leaf).
 * @param index - Zero-based, `0 <= index < treeSize`; safe integer.
 * @param proof - Sibling hashes, leaf level first, 32 bytes each.
 * @returns The 32-byte root. Does not compare it with anything.
 * @throws {@link CtStreamError} `CT_INCLUSION` when `proof` has the wrong length for `index` and `treeSize`.
 * @see RFC 6962 section 2.1.1, RFC 9162 section 2.1.3.2
 */
export function rootFromInclusion(
  leafHash: Uint8Array,
  index: number,
  treeSize: number,
  proof: readonly Uint8Array[],
): Uint8Array {
  if (!Number.isSafeInteger(index) || !Number.isSafeInteger(treeSize) || index < 0 || index >= treeSize)
    throw refuse(index, treeSize, 'there is no such entry')
  const length = inclusionShape(index, treeSize).length
  if (proof.length !== length) throw refuse(index, treeSize, `${proof.length} hashes instead of ${length}`)
  if (leafHash.length !== HASH_LENGTH || proof.some((hash) => hash.length !== HASH_LENGTH))
    throw refuse(index, treeSize, 'a hash is not 32 bytes long')

  let fn = index
  let sn = treeSize - 1
  let r = leafHash
  for (const p of proof) {
    if (fn % 2 === 1 || fn === sn) {
      r = nodeHash(p, r)
      // "If LSB(fn) is not set, then right-shift both fn and sn equally until either LSB(fn) is set or fn is 0."
      while (fn % 2 === 0 && fn !== 0) {
        fn /= 2
        sn = Math.floor(sn / 2)
      }
    } else {
      r = nodeHash(r, p)
    }
    fn = Math.floor(fn / 2)
    sn = Math.floor(sn / 2)
  }
  return r
}

/**
 * Checks that a leaf is entry `index` of the tree with `root`.
 *
 * @param root - 32 bytes, of a head whose signature was checked.
 * @throws {@link CtStreamError} `CT_INCLUSION`, retryable, when the proof does not verify.
 */
export function verifyInclusion(
  leafHash: Uint8Array,
  index: number,
  treeSize: number,
  proof: readonly Uint8Array[],
  root: Uint8Array,
): void {
  if (!equalBytes(rootFromInclusion(leafHash, index, treeSize, proof), root))
    throw refuse(index, treeSize, 'it leads to another root')
}

function refuse(index: number, treeSize: number, reason: string): CtStreamError {
  return new CtStreamError('CT_INCLUSION', `inclusion proof of entry ${index} in ${treeSize}: ${reason}`, {
    retryable: true,
    index,
  })
}
