import { hash } from 'node:crypto'
import { optionError } from '../util/options.js'

/** SHA-256 of nothing: the root of the empty tree (RFC 6962 section 2.1). */
const EMPTY_ROOT = Uint8Array.from(hash('sha256', '', 'buffer'))

/**
 * A growing Merkle tree (RFC 6962 section 2.1) that keeps the hash of every complete node, so that roots, proofs and
 * tiles are answered for any size it ever had, without recomputing leaves: 64 bytes a leaf.
 *
 * It shares no code with the verifier of this library, so that the one can be tested with the other.
 */
export class TestTree {
  private readonly levels: HashColumn[] = [new HashColumn()]

  /** Number of leaves. */
  get size(): number {
    return this.level(0).length
  }

  /** @param leafHash - 32 bytes, SHA-256(0x00 || leaf); copied. */
  append(leafHash: Uint8Array): void {
    let node: Uint8Array = leafHash
    for (let height = 0; ; height++) {
      const column = this.level(height)
      column.push(node)
      if (column.length % 2 === 1) return
      node = hashNode(column.at(column.length - 2), column.at(column.length - 1))
    }
  }

  /** The leaf hash of entry `index`: a copy. */
  leafHash(index: number): Uint8Array {
    this.checkRange('index', index, 0, this.size - 1)
    return this.level(0).at(index).slice()
  }

  /** Merkle Tree Hash of the first `size` leaves; default all. */
  root(size = this.size): Uint8Array {
    this.checkRange('size', size, 0, this.size)
    return size === 0 ? EMPTY_ROOT.slice() : this.subtree(0, size).slice()
  }

  /**
   * PATH(index, D[size]): the inclusion proof of a leaf, its sibling first.
   * @see RFC 6962 section 2.1.1
   */
  inclusion(index: number, size = this.size): Uint8Array[] {
    this.checkRange('size', size, 1, this.size)
    this.checkRange('index', index, 0, size - 1)
    const path = (m: number, start: number, end: number): Uint8Array[] => {
      if (end - start === 1) return []
      const middle = start + largestPowerOfTwoBelow(end - start)
      return m < middle
        ? [...path(m, start, middle), this.subtree(middle, end).slice()]
        : [...path(m, middle, end), this.subtree(start, middle).slice()]
    }
    return path(index, 0, size)
  }

  /**
   * PROOF(first, D[second]): empty when `first` is 0 or equals `second`.
   * @see RFC 6962 section 2.1.2
   */
  consistency(first: number, second = this.size): Uint8Array[] {
    this.checkRange('second', second, 0, this.size)
    this.checkRange('first', first, 0, second)
    // SUBPROOF(m, D[n], b): m leaves counted from `start`; b says that the verifier knows their root already.
    const subproof = (m: number, start: number, end: number, known: boolean): Uint8Array[] => {
      if (m === end - start) return known ? [] : [this.subtree(start, end).slice()]
      const k = largestPowerOfTwoBelow(end - start)
      return m <= k
        ? [...subproof(m, start, start + k, known), this.subtree(start + k, end).slice()]
        : [...subproof(m - k, start + k, end, false), this.subtree(start, start + k).slice()]
    }
    return first === 0 ? [] : subproof(first, 0, second, true)
  }

  /**
   * The hashes of tile (`level`, `index`), `width` of them from its left edge: 32 bytes each.
   * @returns `undefined` when the tree is too small for it.
   * @see C2SP static-ct-api, "Merkle Tree"; C2SP tlog-tiles
   */
  tile(level: number, index: number, width = 256): Uint8Array | undefined {
    const column = this.levels[level * 8]
    const start = index * 256
    if (column === undefined || start + width > column.length) return undefined
    const tile = new Uint8Array(width * 32)
    for (let i = 0; i < width; i++) tile.set(column.at(start + i), i * 32)
    return tile
  }

  /** A tree that has the first `size` leaves of this one and grows on its own. */
  copy(size: number): TestTree {
    this.checkRange('size', size, 0, this.size)
    const copy = new TestTree()
    for (let i = 0; i < size; i++) copy.append(this.level(0).at(i))
    return copy
  }

  /** MTH(D[start:end]) for a range that the recursion of the standard meets: `start` is a multiple of its left half. */
  private subtree(start: number, end: number): Uint8Array {
    const count = end - start
    const height = Math.ceil(Math.log2(count))
    if (2 ** height === count) return this.level(height).at(start / count)
    const middle = start + largestPowerOfTwoBelow(count)
    return hashNode(this.subtree(start, middle), this.subtree(middle, end))
  }

  private level(height: number): HashColumn {
    let column = this.levels[height]
    if (column === undefined) {
      column = new HashColumn()
      this.levels[height] = column
    }
    return column
  }

  private checkRange(name: string, value: number, min: number, max: number): void {
    if (!Number.isSafeInteger(value) || value < min || value > max)
      throw optionError(name, `an integer from ${min} to ${max}`, value)
  }
}

/** Largest power of two strictly less than `n`, `n` above 1. */
function largestPowerOfTwoBelow(n: number): number {
  let power = 1
  while (power * 2 < n) power *= 2
  return power
}

/** SHA-256(0x00 || leaf). */
export function hashLeaf(leaf: Uint8Array): Uint8Array {
  const prefixed = Buffer.allocUnsafe(leaf.length + 1)
  prefixed[0] = 0x00
  prefixed.set(leaf, 1)
  return hash('sha256', prefixed, 'buffer')
}

/** SHA-256(0x01 || left || right). */
function hashNode(left: Uint8Array, right: Uint8Array): Uint8Array {
  const node = Buffer.allocUnsafe(65)
  node[0] = 0x01
  node.set(left, 1)
  node.set(right, 33)
  return hash('sha256', node, 'buffer')
}

const CHUNK = 1024

/** A growing column of 32-byte hashes in chunks: growing never moves what is there. */
class HashColumn {
  private readonly chunks: Uint8Array[] = []
  length = 0

  push(value: Uint8Array): void {
    const at = this.length % CHUNK
    if (at === 0) this.chunks.push(new Uint8Array(CHUNK * 32))
    this.chunks[this.chunks.length - 1]?.set(value, at * 32)
    this.length++
  }

  /** A view of one hash. */
  at(index: number): Uint8Array {
    const at = (index % CHUNK) * 32
    return (this.chunks[Math.floor(index / CHUNK)] as Uint8Array).subarray(at, at + 32)
  }
}
