import { hash as oneShot } from 'node:crypto'
import { bufferOf, copyBytes } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'

/** Length of every hash of the tree: SHA-256. */
export const HASH_LENGTH = 32

/** MTH({}) = SHA-256() (RFC 6962 section 2.1). */
export const EMPTY_ROOT = sha256(new Uint8Array(0))

/** MTH({d(0)}) = SHA-256(0x00 || d(0)) (RFC 6962 section 2.1). */
export function leafHash(leafInput: Uint8Array): Uint8Array {
  const prefixed = new Uint8Array(1 + leafInput.length)
  prefixed.set(leafInput, 1)
  return sha256(prefixed)
}

/** SHA-256(0x01 || left || right), both 32 bytes (RFC 6962 section 2.1). */
export function nodeHash(left: Uint8Array, right: Uint8Array): Uint8Array {
  const node = new Uint8Array(1 + 2 * HASH_LENGTH)
  node[0] = 0x01
  node.set(left, 1)
  node.set(right, 1 + HASH_LENGTH)
  return sha256(node)
}

/**
 * Replaces `2 * count` hashes, one after the other, by the `count` parents of each two.
 *
 * This is the hot path of every root: it makes no object for a node. A digest as a binary string costs a quarter of one as a `Buffer`
 * (Node 20: 0.3 instead of 1.1 µs), because it needs no memory outside of V8's heap.
 *
 * @param hashes - Overwritten in place: the parents are its first `32 * count` bytes.
 */
export function hashPairs(hashes: Uint8Array, count: number): void {
  const out = bufferOf(hashes)
  const node = new Uint8Array(1 + 2 * HASH_LENGTH)
  node[0] = 0x01
  for (let i = 0; i < count; i++) {
    for (let j = 0, from = i * 64; j < 64; j++) node[1 + j] = hashes[from + j] as number
    out.write(oneShot('sha256', node, 'binary'), i * 32, 32, 'binary')
  }
}

/**
 * The hash of a perfect subtree from the hashes of its 2^n leaves or subtrees of one level, 32 bytes each, one after the
 * other.
 */
export function perfectRoot(hashes: Uint8Array): Uint8Array {
  const work = copyBytes(hashes)
  for (let count = work.length / 64; count >= 1; count /= 2) hashPairs(work, count)
  return work.slice(0, HASH_LENGTH)
}
