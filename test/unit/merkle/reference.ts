import { createHash } from 'node:crypto'

// RFC 6962 section 2.1, transcribed literally: slow, recursive, and sharing no code with what it checks.

type Bytes = Uint8Array

const sha256 = (...parts: Bytes[]): Bytes => {
  const hash = createHash('sha256')
  for (const part of parts) hash.update(part)
  return new Uint8Array(hash.digest())
}

const largestPowerOfTwoBelow = (n: number): number => {
  let k = 1
  while (k * 2 < n) k *= 2
  return k
}

/** "MTH(D[n])", the Merkle Tree Hash of an ordered list of inputs. */
export function MTH(D: readonly Bytes[]): Bytes {
  const n = D.length
  if (n === 0) return sha256()
  if (n === 1) return sha256(Uint8Array.of(0x00), D[0] as Bytes)
  const k = largestPowerOfTwoBelow(n)
  return sha256(Uint8Array.of(0x01), MTH(D.slice(0, k)), MTH(D.slice(k)))
}

/** "PATH(m, D[n])", the audit path for the (m+1)th input. */
export function PATH(m: number, D: readonly Bytes[]): Bytes[] {
  const n = D.length
  if (n === 1) return []
  const k = largestPowerOfTwoBelow(n)
  return m < k ? [...PATH(m, D.slice(0, k)), MTH(D.slice(k))] : [...PATH(m - k, D.slice(k)), MTH(D.slice(0, k))]
}

/** "PROOF(m, D[n])", the consistency proof for a previous tree of m inputs. */
export function PROOF(m: number, D: readonly Bytes[]): Bytes[] {
  return SUBPROOF(m, D, true)
}

function SUBPROOF(m: number, D: readonly Bytes[], b: boolean): Bytes[] {
  const n = D.length
  if (m === n) return b ? [] : [MTH(D)]
  const k = largestPowerOfTwoBelow(n)
  return m <= k
    ? [...SUBPROOF(m, D.slice(0, k), b), MTH(D.slice(k))]
    : [...SUBPROOF(m - k, D.slice(k), false), MTH(D.slice(0, k))]
}

/** Small distinct leaves. */
export const leaves = (n: number): Bytes[] => Array.from({ length: n }, (_, i) => new TextEncoder().encode(`leaf ${i}`))

/** Leaf hashes one after the other, as an entry batch gives them. */
export const leafHashesOf = (D: readonly Bytes[]): Bytes =>
  new Uint8Array(Buffer.concat(D.map((d) => sha256(Uint8Array.of(0x00), d))))

/**
 * A tree too large to build: every leaf is the same, so that a subtree's hash follows from its width alone.
 */
export class UniformTree {
  private readonly byWidth = new Map<number, Bytes>()

  /** MTH of `n` equal leaves; any n below 2^53. */
  root(n: number): Bytes {
    const known = this.byWidth.get(n)
    if (known !== undefined) return known
    const k = largestPowerOfTwoBelow(n)
    const hash =
      n === 1
        ? sha256(Uint8Array.of(0x00), new TextEncoder().encode('the same leaf'))
        : sha256(Uint8Array.of(0x01), this.root(k), this.root(n - k))
    this.byWidth.set(n, hash)
    return hash
  }

  path(m: number, n: number): Bytes[] {
    if (n === 1) return []
    const k = largestPowerOfTwoBelow(n)
    return m < k ? [...this.path(m, k), this.root(n - k)] : [...this.path(m - k, n - k), this.root(k)]
  }

  proof(m: number, n: number, b = true): Bytes[] {
    if (m === n) return b ? [] : [this.root(n)]
    const k = largestPowerOfTwoBelow(n)
    return m <= k ? [...this.proof(m, k, b), this.root(n - k)] : [...this.proof(m - k, n - k, false), this.root(k)]
  }

  /** Perfect subtree roots of the first `n` leaves, largest first. */
  range(n: number): Bytes[] {
    const hashes: Bytes[] = []
    for (let rest = n, width = 2 ** 52; width >= 1; width /= 2)
      if (rest >= width) {
        hashes.push(this.root(width))
        rest -= width
      }
    return hashes
  }
}

export const code = (run: () => unknown): string => {
  try {
    run()
  } catch (error) {
    return (error as { code?: string; name: string }).code ?? (error as Error).name
  }
  return 'no error'
}

/** Sizes around every power of two up to 2^53, and their likes; the interesting ones for index arithmetic. */
export const hugeSizes = (): number[] => {
  const sizes: number[] = []
  for (const exponent of [31, 32, 33, 40, 47, 52])
    for (const delta of [-3, -2, -1, 0, 1, 2, 3, 257]) sizes.push(2 ** exponent + delta)
  return [...sizes, 3 * 2 ** 32, 2 ** 33 + 2 ** 31, Number.MAX_SAFE_INTEGER - 1, Number.MAX_SAFE_INTEGER]
}

/** The eight leaves of the test suites of certificate-transparency-go and transparency-dev/merkle, as hexadecimal. */
export const customaryLeaves = [
  '',
  '00',
  '10',
  '2021',
  '3031',
  '40414243',
  '5051525354555657',
  '606162636465666768696a6b6c6d6e6f',
]
/** The roots of the trees of none of them, of the first, of the first two … */
export const customaryRoots = [
  'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
]
