import { hash } from 'node:crypto'

/** Every node of the tree over `size` leaves: 64 bytes a leaf. */
export class Tree {
  constructor(size, leafHash) {
    this.size = size
    const leaves = Buffer.alloc(size * 32)
    for (let i = 0; i < size; i++) leaves.latin1Write(leafHash(i), i * 32)
    this.levels = [leaves]
    const node = Buffer.alloc(65)
    node[0] = 1
    for (let count = Math.floor(size / 2); count > 0; count = Math.floor(count / 2)) {
      const below = this.levels.at(-1)
      const level = Buffer.alloc(count * 32)
      for (let i = 0; i < count; i++) {
        below.copy(node, 1, i * 64, i * 64 + 64)
        level.latin1Write(hash('sha256', node, 'binary'), i * 32)
      }
      this.levels.push(level)
    }
  }

  /** MTH(D[start:end]) (RFC 6962 section 2.1). */
  root(start, end) {
    const count = end - start
    const level = Math.log2(count)
    if (Number.isInteger(level) && start % count === 0) return this.nodes(level, start / count, 1)
    const k = largestPowerBelow(count)
    return hash(
      'sha256',
      Buffer.concat([Buffer.of(1), this.root(start, start + k), this.root(start + k, end)]),
      'buffer',
    )
  }

  /** `width` nodes of a level, from one on. */
  nodes(level, index, width) {
    return this.levels[level].subarray(index * 32, (index + width) * 32)
  }

  /** PROOF(m, D[n]) (RFC 6962 section 2.1.2). */
  consistency(first, second) {
    if (first === 0 || first === second) return []
    return this.subproof(first, 0, second, true)
  }

  subproof(m, start, end, known) {
    const n = end - start
    if (m === n) return known ? [] : [this.root(start, end)]
    const k = largestPowerBelow(n)
    if (m <= k) return [...this.subproof(m, start, start + k, known), this.root(start + k, end)]
    return [...this.subproof(m - k, start + k, end, false), this.root(start, start + k)]
  }
}

function largestPowerBelow(n) {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}
