import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { rootsFromConsistency, verifyConsistency } from '../../../src/merkle/consistency.js'
import { describeReal, realData, realJson } from '../../real-data.js'
import { code, hugeSizes, leaves, MTH, PROOF, UniformTree } from './reference.js'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

describe('verifyConsistency', () => {
  it('verifies the customary proofs 6 to 8 and 3 to 7', () => {
    const six = hex('76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef')
    const eight = hex('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328')
    const sixToEight = [
      '0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ].map(hex)
    verifyConsistency(6, 8, sixToEight, six, eight)

    const three = hex('aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77')
    const seven = hex('ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c')
    const threeToSeven = [
      '0298d122906dcfc10892cb53a73992fc5b9f493ea4c9badb27b791b4127a7fe7',
      '07506a85fd9dd2f120eb694f86011e5bb4662e5c415a62917033d4a9624487e7',
      'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
      '837dbb152e9b079010717e84e865da4ebc0fa198a806d59d31bf15accef22d0e',
    ].map(hex)
    verifyConsistency(3, 7, threeToSeven, three, seven)
    expect(code(() => verifyConsistency(3, 7, threeToSeven, six, seven))).toBe('CT_CONSISTENCY')
    expect(code(() => verifyConsistency(3, 7, threeToSeven, three, eight))).toBe('CT_CONSISTENCY')
  })

  it('verifies every pair of sizes to 70, and refuses each proof elsewhere', () => {
    const all = leaves(70)
    const roots = Array.from({ length: 71 }, (_, n) => MTH(all.slice(0, n)))
    const root = (n: number) => roots[n] as Uint8Array
    for (let n = 1; n <= 70; n++)
      for (let m = 1; m <= n; m++) {
        const proof = PROOF(m, all.slice(0, n))
        verifyConsistency(m, n, proof, root(m), root(n))
        const refused = [
          () => verifyConsistency(m, n, [...proof, root(n)], root(m), root(n)),
          () => verifyConsistency(m, n, proof, root(0), root(n)),
          () => verifyConsistency(m, n, proof, root(m), root(0)),
          () => verifyConsistency(n + 1, m, proof, root(m), root(n)),
        ]
        if (m < n) {
          refused.push(() => verifyConsistency(m, n, proof.slice(1), root(m), root(n)))
          refused.push(() => verifyConsistency(m, n, proof, root(n), root(m)))
          refused.push(() =>
            verifyConsistency(
              m,
              n,
              proof.map((p) => p.slice(1)),
              root(m),
              root(n),
            ),
          )
          const flipped = proof.map((p) => p.slice())
          const last = flipped[flipped.length - 1] as Uint8Array
          last[31] = (last[31] as number) ^ 1
          refused.push(() => verifyConsistency(m, n, flipped, root(m), root(n)))
        }
        expect(refused.map(code)).toEqual(Array(refused.length).fill('CT_CONSISTENCY'))
      }
  })

  it('verifies above 2^32', () => {
    const tree = new UniformTree()
    for (const n of hugeSizes())
      for (const m of [1, 2, 3, 2 ** 31, 2 ** 32 - 1, 2 ** 32, 2 ** 32 + 1, n - 2, n - 1, n].filter((m) => m <= n)) {
        verifyConsistency(m, n, tree.proof(m, n), tree.root(m), tree.root(n))
        expect(code(() => verifyConsistency(m, n, tree.proof(m, n), tree.root(m), tree.root(n - 1)))).toBe(
          'CT_CONSISTENCY',
        )
      }
  })

  it('refuses impossible sizes and proofs before it hashes anything', () => {
    const hash = new Uint8Array(32)
    for (const [m, n] of [
      [0, 0],
      [0, 5],
      [-1, 5],
      [6, 5],
      [1.5, 5],
      [NaN, 5],
      [1, 2 ** 53],
      [1, Infinity],
    ] as const) // prettier-ignore
      expect(code(() => verifyConsistency(m, n, [], hash, hash))).toBe('CT_CONSISTENCY')
    expect(code(() => verifyConsistency(1, 2, Array(100_000).fill(hash), hash, hash))).toBe('CT_CONSISTENCY')
    expect(code(() => verifyConsistency(1, 2, [hash], new Uint8Array(1000), hash))).toBe('CT_CONSISTENCY')
  })
})

interface Probe {
  size1: number
  size2: number
  root1: string | null
  root2: string | null
  proof: string[] | null
  wantErr: boolean
}

interface Sth {
  tree_size: number
  sha256_root_hash: string
}

describeReal('verifyConsistency over foreign vectors', () => {
  it('gives the stated result for every probe of transparency-dev/merkle', () => {
    const folder = realData('transparency-dev+merkle', 'testdata', 'consistency')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'))
    expect(files.length).toBe(78)
    for (const file of files) {
      const p = realJson<Probe>('transparency-dev+merkle', 'testdata', 'consistency', file)
      const [root1, root2] = [base64(p.root1 ?? ''), base64(p.root2 ?? '')]
      const result = code(() => verifyConsistency(p.size1, p.size2, (p.proof ?? []).map(base64), root1, root2))
      expect([file, result]).toEqual([file, p.wantErr ? 'CT_CONSISTENCY' : 'no error'])
    }
  })

  it('verifies real proofs of Argon2020, Argon2025h1 and Skydiver', () => {
    const http = ['cloudflare+azul', 'crates', 'tlog_tiles', 'tests', 'http_get']
    const luct = ['Sawchord+luct', 'extracted']
    const pair = realJson<{ first: Sth; second: Sth; consistency: string[] }>(
      'fotisl+ctutils',
      'extracted',
      'sth-pair-consistent.json', // prettier-ignore
    )
    const proofOf = (...path: string[]) => realJson<{ consistency: string[] }>(...path).consistency
    const cases: { first: Sth; second: Sth; consistency: string[] }[] = [
      pair,
      {
        // The root of 3654490 entries stands in golang.org/x/mod/sumdb/tlog/ct_test.go.
        first: { tree_size: 3654490, sha256_root_hash: 'AuIZ5V6sDUj1vn3Y1K85oOaQ7y+FJJKtyRTl1edIKBQ=' },
        second: realJson<Sth>(...http, 'get-sth'),
        consistency: proofOf(...http, 'get-sth-consistency-first-3654490-second-961984011'),
      },
      {
        first: realJson<{ sth: Sth }>(...luct, 'sth-argon2025h1-1425614114.json').sth,
        second: realJson<{ sth: Sth }>(...luct, 'sth-argon2025h1-1425633154.json').sth,
        consistency: proofOf('Sawchord+luct', 'testdata', 'sth-consistency-proof.json'),
      },
    ]
    for (const { first, second, consistency } of cases) {
      const [m, n] = [first.tree_size, second.tree_size]
      const [root1, root2] = [base64(first.sha256_root_hash), base64(second.sha256_root_hash)]
      const proof = consistency.map(base64)
      verifyConsistency(m, n, proof, root1, root2)
      expect(code(() => verifyConsistency(m, n, proof, root2, root1))).toBe('CT_CONSISTENCY')
      expect(code(() => verifyConsistency(m + 1, n, proof, root1, root2))).toBe('CT_CONSISTENCY')
    }
  })
})

describe('rootsFromConsistency', () => {
  it('leads from any proof to the root of the first entries, whatever the first root is held to be', () => {
    const all = leaves(40)
    const wrong = new Uint8Array(32)
    for (let n = 2; n <= 40; n++)
      for (let m = 1; m < n; m++) {
        const isPower = Number.isInteger(Math.log2(m))
        const root = MTH(all.slice(0, m))
        const led = rootsFromConsistency(m, n, PROOF(m, all.slice(0, n)), isPower ? root : wrong)
        expect(led).toEqual({ first: root, second: MTH(all.slice(0, n)) })
      }
  })
})
