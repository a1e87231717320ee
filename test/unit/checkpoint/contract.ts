import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { type CheckpointStorePlace, checkpointStoreContract } from '../../../src/testing/index.js'
import type { LogCheckpoint } from '../../../src/types/checkpoint.js'
import type { SignedHead } from '../../../src/types/log.js'
import { checkpoint, list, log, rangeOf } from './samples.js'

/** What every `CheckpointStore` must do, and what ours do beyond it. */
export function describeCheckpointStore(name: string, makePlace: () => CheckpointStorePlace): void {
  describe(`${name} as a CheckpointStore`, () => {
    it.each(checkpointStoreContract(makePlace))('$name', ({ run }) => run(), 60_000)

    it('keeps any row', async () => {
      await fc.assert(
        fc.asyncProperty(fc.uniqueArray(anyCheckpoint, { selector: ({ log }) => log.id }), async (rows) => {
          const place = makePlace()
          const store = place.store()
          await store.open()
          await store.commit(rows)
          const loaded = [...(await store.load())]
          expect(loaded).toEqual(loaded.map(({ log: { id } }) => rows.find((row) => row.log.id === id)))
          expect(loaded).toHaveLength(rows.length)
          await store.close()
          await place.remove?.()
        }),
        { numRuns: 40 },
      )
    }, 60_000)
  })
}

/** For stores of ours: bytes come without the `Buffer` prototype. */
export function itHandsOutPlainBytes(makePlace: () => CheckpointStorePlace): void {
  it('hands out plain Uint8Arrays', async () => {
    const store = makePlace().store()
    await store.open()
    await store.commit([checkpoint(1, 3)])
    await store.putIssuer('ab', Uint8Array.of(1))
    await store.putList(list('https://example.com/', '{}'))
    const [row] = await store.load()
    const all = [row?.range?.[0], row?.verifiedHead?.rootHash, row?.pendingHeads[0]?.signature]
    all.push(await store.issuer('ab'), (await store.list('https://example.com/'))?.body)
    for (const bytes of all) expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
    await store.close()
  })
}

const index = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 2 ** 31, 2 ** 32, 2 ** 53 - 1))
const bytes = (length: number) => fc.uint8Array({ minLength: length, maxLength: length })
const text = fc.string({ unit: 'grapheme', maxLength: 20 })

const anyHead: fc.Arbitrary<SignedHead> = fc.record({
  treeSize: index,
  timestamp: index,
  rootHash: bytes(32),
  signature: fc.uint8Array({ maxLength: 80 }),
})

const anyPosition = fc
  .record({ position: index, isProven: fc.boolean() })
  .map(({ position, isProven }) => ({ position, range: isProven ? rangeOf(position) : undefined }))

/** Any row of one of six logs. */
const anyCheckpoint: fc.Arbitrary<LogCheckpoint> = fc
  .record({
    log: fc.record({ n: fc.nat(5), description: text, operator: text }).map(({ n, ...texts }) => log(n, texts)),
    reader: anyPosition,
    verifiedHead: fc.option(anyHead, { nil: undefined }),
    pendingHeads: fc.array(anyHead, { maxLength: 3 }),
    learned: fc
      .dictionary(text, fc.jsonValue({ maxDepth: 1 }), { maxKeys: 3, noNullPrototype: true })
      .map((value) => JSON.parse(JSON.stringify(value)) as Record<string, unknown>),
  })
  .map(({ reader, ...fields }) => checkpoint(0, 0, { ...fields, ...reader }))

export async function errorOf(action: () => unknown): Promise<CtStreamError> {
  try {
    await action()
  } catch (error) {
    if (CtStreamError.is(error)) return error
    throw error
  }
  throw new Error('it did not fail')
}
