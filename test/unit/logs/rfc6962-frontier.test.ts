import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { type FrontierSource, rfc6962Frontier } from '../../../src/logs/rfc6962-frontier.js'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import type { TestTree } from '../../../src/testing/tree.js'
import type { EntryBatch } from '../../../src/types/entries.js'
import { ctError } from '../http/errors.js'
import { headOf, leafHashOf, leafOf, treeOf } from './test-tree.js'

type Endpoint = keyof FrontierSource

/** A log that offers only these endpoints. */
function sourceOf(tree: TestTree, offered: readonly Endpoint[], asked: string[] = []): FrontierSource {
  const answer = async <T>(endpoint: Endpoint, question: string, value: () => T): Promise<T> => {
    asked.push(`${endpoint} ${question}`)
    if (offered.includes(endpoint)) return value()
    throw new CtStreamError('CT_HTTP_STATUS', `${endpoint}: 404`, { status: 404 })
  }
  return {
    consistency: (first, second) =>
      answer('consistency', `${first} ${second}`, () => {
        // What logs do: the first is refused by one, the second is of no use.
        if (first === 0 || first >= second) throw new Error('asked for a proof that must not be asked for')
        return tree.consistency(first, second)
      }),
    entryAndProof: (index, size) =>
      answer('entryAndProof', `${index} ${size}`, () => ({
        leafInput: leafOf(index),
        auditPath: tree.inclusion(index, size),
      })),
    proofByHash: (hash, size) =>
      answer('proofByHash', `${size}`, () => {
        const leafIndex = [...Array(size).keys()].findIndex((i) => Buffer.compare(leafHashOf(i), hash) === 0)
        return { leafIndex, auditPath: tree.inclusion(leafIndex, size) }
      }),
    entries: (start, end) =>
      answer('entries', `${start} ${end}`, () => {
        // A short answer each time.
        const length = Math.min(end - start, 7)
        const hashes = Buffer.concat(Array.from({ length }, (_, i) => leafHashOf(start + i)))
        return { start, length, leafHashes: () => hashes } as unknown as EntryBatch
      }),
  }
}

const rangeOf = (size: number): CompactRange =>
  CompactRange.empty.append(Buffer.concat(Array.from({ length: size }, (_, i) => leafHashOf(i))))

const tree = treeOf(300)
const all: readonly Endpoint[] = ['consistency', 'entryAndProof', 'proofByHash', 'entries']

describe('rfc6962Frontier', () => {
  it.each([
    ['every endpoint', all],
    ['consistency proofs and entries', ['consistency', 'entries']],
    ['get-entry-and-proof alone', ['entryAndProof']],
    ['get-entries and get-proof-by-hash', ['entries', 'proofByHash']],
    ['get-entries alone', ['entries']],
  ] as [string, readonly Endpoint[]][])('finds every range in every small tree, with %s', async (_, offered) => {
    for (let size = 0; size <= 34; size++)
      for (let index = 0; index <= size; index++) {
        const range = await rfc6962Frontier(sourceOf(tree, offered), index, headOf(tree, size))
        expect([index, size, range.hashes.map((hash) => Buffer.from(hash).toString('hex'))]).toEqual([
          index,
          size,
          rangeOf(index).hashes.map((hash) => Buffer.from(hash).toString('hex')),
        ])
      }
  })

  it.each([1, 2, 127, 128, 129, 255, 256, 257, 299, 300])('finds the range of %i in 300', async (index) => {
    for (const endpoint of [['consistency'], ['entryAndProof'], ['entries', 'proofByHash']] as Endpoint[][]) {
      if (index < 2 && endpoint[0] === 'consistency') continue
      const source = sourceOf(tree, [...endpoint, 'entries'])
      expect((await rfc6962Frontier(source, index, headOf(tree))).root()).toEqual(headOf(tree, index).rootHash)
    }
  })

  it('asks one question where one answers', async () => {
    const asked: string[] = []
    await rfc6962Frontier(sourceOf(tree, all, asked), 300, headOf(tree))
    await rfc6962Frontier(sourceOf(tree, all, asked), 200, headOf(tree))
    expect(asked).toEqual(['entryAndProof 299 300', 'consistency 200 300'])
  })

  it('fails with the error of the preferred endpoint when all endpoints failed', async () => {
    const big = { ...headOf(tree), treeSize: 5000 }
    const error = await ctError(rfc6962Frontier(sourceOf(tree, []), 5000, big))
    expect(error.message).toBe('entryAndProof: 404')
  })

  it('takes nothing on trust: one wrong hash in any answer is an error, and is not worked around', async () => {
    const wrong = (hashes: readonly Uint8Array[], i: number) =>
      hashes.map((hash, at) => (at === i ? Buffer.from(hash).fill(0, 0, 1) : hash))
    const lying = (i: number): FrontierSource => {
      const source = sourceOf(tree, all)
      return {
        ...source,
        consistency: async (first, second) => wrong(await source.consistency(first, second), i),
        entryAndProof: async (index, size) => {
          const answer = await source.entryAndProof(index, size)
          return { ...answer, auditPath: wrong(answer.auditPath, i) }
        },
      }
    }
    for (let i = 0; i < 4; i++) {
      const head = await ctError(rfc6962Frontier(lying(i), 300, headOf(tree)))
      expect(head).toMatchObject({ code: 'CT_INCLUSION', retryable: true })
      const inside = await ctError(rfc6962Frontier(lying(i), 200, headOf(tree)))
      expect(inside).toMatchObject({ code: 'CT_CONSISTENCY', retryable: true })
    }
  })

  it('refuses a proof that belongs to an equal leaf elsewhere, and entries of another tree', async () => {
    const source = sourceOf(tree, ['entries', 'proofByHash'])
    const elsewhere: FrontierSource = {
      ...source,
      proofByHash: async () => ({ leafIndex: 3, auditPath: tree.inclusion(3, 300) }),
    }
    // All 300 entries are hashed then.
    expect((await rfc6962Frontier(elsewhere, 300, headOf(tree))).root()).toEqual(headOf(tree).rootHash)
    const other = { ...headOf(tree), rootHash: tree.root(299) }
    expect(await ctError(rfc6962Frontier(sourceOf(tree, ['entries']), 300, other))).toMatchObject({
      code: 'CT_ROOT_MISMATCH',
      retryable: true,
    })
    const empty = { ...headOf(tree, 0), rootHash: tree.root(1) }
    expect(await ctError(rfc6962Frontier(source, 0, empty))).toMatchObject({ code: 'CT_CONSISTENCY' })
  })

  it.each(['CT_HTTP_TIMEOUT', 'CT_HTTP_NETWORK'] as const)('does not take %s for a missing endpoint', async (code) => {
    const down = { ...sourceOf(tree, all), entryAndProof: () => Promise.reject(new CtStreamError(code, 'down')) }
    expect((await ctError(rfc6962Frontier(down, 300, headOf(tree)))).code).toBe(code)
  })
})
