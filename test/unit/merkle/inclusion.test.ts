import { readdirSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { leafHash } from '../../../src/merkle/hash.js'
import { rootFromInclusion, verifyInclusion } from '../../../src/merkle/inclusion.js'
import { toHex } from '../../../src/util/bytes.js'
import { describeReal, realData, realJson } from '../../real-data.js'
import { code, hugeSizes, leaves, MTH, PATH, UniformTree } from './reference.js'

const hex = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'hex'))
const base64 = (text: string): Uint8Array => new Uint8Array(Buffer.from(text, 'base64'))

describe('verifyInclusion', () => {
  it('verifies leaf 5 of the customary eight', () => {
    const proof = [
      'bc1a0643b12e4d2d7c77918f44e0f4f79a838b6cf9ec5b5c283e1f4d88599e6b',
      'ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0',
      'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
    ].map(hex)
    const root = hex('5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328')
    const leaf = leafHash(hex('40414243'))
    expect(toHex(rootFromInclusion(leaf, 5, 8, proof))).toBe(toHex(root))
    expect(code(() => verifyInclusion(leaf, 5, 8, proof, root))).toBe('no error')
    expect(code(() => verifyInclusion(leaf, 4, 8, proof, root))).toBe('CT_INCLUSION')
  })

  it('verifies every entry of every tree to 70, and refuses each proof elsewhere', () => {
    for (let n = 1; n <= 70; n++) {
      const D = leaves(n)
      const root = MTH(D)
      for (let i = 0; i < n; i++) {
        const leaf = leafHash(D[i] as Uint8Array)
        const proof = PATH(i, D)
        verifyInclusion(leaf, i, n, proof, root)
        const refused = [
          () => verifyInclusion(leaf, i + 1, n, proof, root),
          () => verifyInclusion(leaf, i - 1, n, proof, root),
          () => verifyInclusion(leaf, i, n, [...proof, root], root),
          () => verifyInclusion(leaf, i, n, proof.slice(1), n === 1 ? leafHash(root) : root),
          () => verifyInclusion(leafHash(leaf), i, n, proof, root),
          () =>
            verifyInclusion(
              leaf,
              i,
              n,
              proof.map((p) => p.slice(1)),
              n === 1 ? leafHash(root) : root,
            ), // prettier-ignore
        ]
        expect(refused.map(code)).toEqual(Array(refused.length).fill('CT_INCLUSION'))
      }
    }
  })

  it('verifies above 2^32', () => {
    const tree = new UniformTree()
    for (const n of hugeSizes())
      for (const i of [0, 1, 2 ** 31, 2 ** 32 - 1, 2 ** 32, Math.floor(n / 3), n - 2, n - 1].filter((i) => i < n)) {
        verifyInclusion(tree.root(1), i, n, tree.path(i, n), tree.root(n))
        expect(code(() => verifyInclusion(tree.root(1), i, n, tree.path(i, n), tree.root(n - 1)))).toBe('CT_INCLUSION')
      }
  })

  it('refuses impossible sizes and proofs before it hashes anything', () => {
    const hash = new Uint8Array(32)
    for (const [index, size] of [
      [-1, 1],
      [1, 1],
      [0, 0],
      [0.5, 2],
      [NaN, 2],
      [0, 2 ** 53],
      [0, Infinity],
    ] as const) // prettier-ignore
      expect(code(() => rootFromInclusion(hash, index, size, []))).toBe('CT_INCLUSION')
    expect(code(() => rootFromInclusion(hash, 0, 2, Array(100_000).fill(hash)))).toBe('CT_INCLUSION')
  })
})

interface Probe {
  leafIdx: number
  treeSize: number
  root: string | null
  leafHash: string
  proof: string[] | null
  wantErr: boolean
}

describeReal('verifyInclusion over foreign vectors', () => {
  it('gives the stated result for every probe of transparency-dev/merkle', () => {
    const folder = realData('transparency-dev+merkle', 'testdata', 'inclusion')
    const files = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((file) => file.endsWith('.json'))
    expect(files.length).toBe(80)
    for (const file of files) {
      const p = realJson<Probe>('transparency-dev+merkle', 'testdata', 'inclusion', file)
      const result = code(() =>
        verifyInclusion(base64(p.leafHash), p.leafIdx, p.treeSize, (p.proof ?? []).map(base64), base64(p.root ?? '')),
      )
      expect([file, result]).toEqual([file, p.wantErr ? 'CT_INCLUSION' : 'no error'])
    }
  })

  it('verifies real audit paths of Argon2020 and Argon2025h2', () => {
    const http = ['cloudflare+azul', 'crates', 'tlog_tiles', 'tests', 'http_get']
    const luct = ['Sawchord+luct', 'testdata']
    const cases = [
      {
        entries: [...http, 'get-entries-start-10000-end-10000'],
        proof: [...http, 'get-proof-by-hash-tree-size-961984011-hash-nCs3mfIydh9x4CKyQ-2Bu2xtmpxmFggA5MLymHwNQSlLg-3D'],
        sth: realJson<Sth>(...http, 'get-sth'),
        index: 10000,
      },
      {
        entries: [...luct, 'google-entry.json'],
        proof: [...luct, 'google-precert-audit-proof.json'],
        sth: realJson<{ sth: Sth }>('Sawchord+luct', 'extracted', 'sth-argon2025h2-1329315675.json').sth,
        index: 912557348,
      },
    ]
    for (const { entries, proof, sth, index } of cases) {
      const leaf = leafHash(
        base64(realJson<{ entries: { leaf_input: string }[] }>(...entries).entries[0]?.leaf_input ?? ''),
      )
      const answer = realJson<{ leaf_index: number; audit_path: string[] }>(...proof)
      expect(answer.leaf_index).toBe(index)
      const path = answer.audit_path.map(base64)
      verifyInclusion(leaf, index, sth.tree_size, path, base64(sth.sha256_root_hash))
      expect(code(() => verifyInclusion(leaf, index + 1, sth.tree_size, path, base64(sth.sha256_root_hash)))).toBe(
        'CT_INCLUSION',
      )
    }
  })
})

interface Sth {
  tree_size: number
  sha256_root_hash: string
}
