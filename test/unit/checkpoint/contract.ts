import fc from 'fast-check'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import type { CheckpointStore, LogCheckpoint } from '../../../src/types/checkpoint.js'
import { anyCheckpoint, checkpoint, evidence, gap, head, list, log } from './samples.js'

/** One place a store keeps things in; every call of `store()` is a store over the same place. */
export interface StorePlace {
  store(): CheckpointStore
  remove(): void | Promise<void>
}

/** What every `CheckpointStore` must do; run it over a store of your own. */
export function describeCheckpointStore(name: string, makePlace: () => StorePlace): void {
  describe(`${name} as a CheckpointStore`, () => {
    let place: StorePlace
    let store: CheckpointStore

    beforeEach(async () => {
      place = makePlace()
      store = place.store()
      await store.open()
    })
    afterEach(async () => {
      await store.close()
      await place.remove()
    })

    const reopen = async () => {
      await store.close()
      store = place.store()
      await store.open()
    }
    const load = async () => byId(await store.load())

    it('knows nothing at first', async () => {
      expect(await store.load()).toEqual([])
      expect(await store.gaps()).toEqual([])
      expect(await store.evidence()).toEqual([])
      expect(await store.issuer('00')).toBeUndefined()
      expect(await store.list('https://example.com/list.json')).toBeUndefined()
    })

    it('returns what was committed, at once and after a reopening', async () => {
      const rows = [checkpoint(1, 0), checkpoint(2, 1), checkpoint(3, 2 ** 32 + 5), checkpoint(4, 2 ** 53 - 41)]
      await store.commit(rows)
      expect(await load()).toEqual(byId(rows))
      await reopen()
      expect(await load()).toEqual(byId(rows))
    })

    it('tells an empty compact range from none, and keeps the absence of a head', async () => {
      const rows = [
        checkpoint(1, 0, { range: [], verifiedHead: undefined, pendingHeads: [] }),
        checkpoint(2, 7, { range: undefined, learned: {} }),
      ]
      await store.commit(rows)
      await reopen()
      expect(await load()).toEqual(byId(rows))
    })

    it('replaces only the rows it is given', async () => {
      await store.commit([checkpoint(1, 10), checkpoint(2, 20)])
      const moved = checkpoint(1, 11, {
        log: log(1, { description: 'renamed', url: 'https://moved.example/' }),
        pendingHeads: [head(99)],
      })
      await store.commit([moved])
      expect(await load()).toEqual(byId([moved, checkpoint(2, 20)]))
    })

    it('keeps the last of two rows of one log, and nothing of an empty commit', async () => {
      await store.commit([checkpoint(1, 10), checkpoint(1, 12)])
      await store.commit([])
      expect(await load()).toEqual(byId([checkpoint(1, 12)]))
    })

    const refused: readonly [string, LogCheckpoint][] = [
      ['a position above 2^53 - 1', checkpoint(2, 2 ** 53)],
      ['a negative position', checkpoint(2, 0, { position: -1 })],
      ['a fractional position', checkpoint(2, 0, { position: 1.5 })],
      ['a position that is not a number', checkpoint(2, 0, { position: Number.NaN })],
      ['a hash of 31 bytes', checkpoint(2, 1, { range: [new Uint8Array(31)] })],
      [
        'a pending head without a whole root',
        checkpoint(2, 1, { pendingHeads: [{ ...head(1), rootHash: new Uint8Array() }] }),
      ],
      ['a head of an impossible size', checkpoint(2, 1, { verifiedHead: { ...head(1), treeSize: 2 ** 60 } })],
      ['a log without an id', checkpoint(2, 1, { log: log(2, { id: '' }) })],
    ]
    it.each(refused)('refuses %s and then keeps nothing of the commit', async (_, bad) => {
      await store.commit([checkpoint(1, 5)])
      const error = await errorOf(() => store.commit([checkpoint(1, 6), bad]))
      expect(error.code).toBe('CT_OPTION_INVALID')
      expect(await load()).toEqual(byId([checkpoint(1, 5)]))
    })

    it('shares no memory with its caller', async () => {
      const row = checkpoint(1, 3)
      await store.commit([row])
      row.range?.[0]?.fill(0)
      row.verifiedHead?.rootHash.fill(0)
      Object.assign(row.learned, { pageSize: 1 })
      expect(await load()).toEqual(byId([checkpoint(1, 3)]))
      const [loaded] = await store.load()
      loaded?.range?.[0]?.fill(0)
      expect(await load()).toEqual(byId([checkpoint(1, 3)]))
    })

    it('hands out plain Uint8Arrays', async () => {
      await store.commit([checkpoint(1, 3)])
      await store.putIssuer('ab', Uint8Array.of(1))
      await store.putList(list('https://example.com/', '{}'))
      const [row] = await store.load()
      const all = [row?.range?.[0], row?.verifiedHead?.rootHash, row?.pendingHeads[0]?.signature]
      all.push(await store.issuer('ab'), (await store.list('https://example.com/'))?.body)
      for (const bytes of all) expect(Object.getPrototypeOf(bytes)).toBe(Uint8Array.prototype)
    })

    it('keeps gaps in the order they were recorded, each once', async () => {
      const gaps = [gap(2, 5, 9), gap(1, 0, undefined), gap(2, 5, 10), gap(2, 2 ** 40, 2 ** 40 + 1)]
      for (const one of gaps) await store.addGap(one)
      for (const one of gaps) await store.addGap({ ...one, recordedAt: 1, reason: 'seen again after a restart' })
      expect(await store.gaps()).toEqual(gaps)
      await reopen()
      expect(await store.gaps()).toEqual(gaps)
    })

    it('keeps all evidence', async () => {
      for (const n of [1, 2, 1]) await store.addEvidence(evidence(n))
      await reopen()
      expect(await store.evidence()).toEqual([evidence(1), evidence(2), evidence(1)])
    })

    it('keeps issuers by fingerprint', async () => {
      const der = new Uint8Array(70_000).fill(7)
      await store.putIssuer('aa', der)
      await store.putIssuer('bb', new Uint8Array())
      await store.putIssuer('aa', der)
      await reopen()
      expect(await store.issuer('aa')).toEqual(der)
      expect(await store.issuer('bb')).toEqual(new Uint8Array())
      expect(await store.issuer('AA')).toBeUndefined()
    })

    it('keeps the last list of each URL', async () => {
      await store.putList(list('https://a.example/', 'old'))
      await store.putList(list('https://b.example/', 'other'))
      const last = {
        ...list('https://a.example/', 'new'),
        etag: undefined,
        lastModified: 'Sun, 22 Nov 2026 12:00:00 GMT',
      }
      await store.putList(last)
      await reopen()
      expect(await store.list('https://a.example/')).toEqual(last)
      expect(await store.list('https://b.example/')).toEqual(list('https://b.example/', 'other'))
    })

    it('refuses a second stream until the first is done', async () => {
      expect((await errorOf(() => store.open())).code).toBe('CT_CHECKPOINT_CONFLICT')
      expect((await errorOf(() => place.store().open())).code).toBe('CT_CHECKPOINT_CONFLICT')
      await store.commit([checkpoint(1, 1)])
      await reopen()
      expect(await load()).toEqual(byId([checkpoint(1, 1)]))
    })

    it('can be closed twice and is of no use then', async () => {
      await store.close()
      await store.close()
      const uses = [
        () => store.load(),
        () => store.commit([]),
        () => store.addGap(gap(1, 0, 1)),
        () => store.gaps(),
        () => store.addEvidence(evidence(1)),
        () => store.evidence(),
        () => store.issuer('aa'),
        () => store.putIssuer('aa', new Uint8Array()),
        () => store.list('u'),
        () => store.putList(list('u', '')),
      ]
      for (const use of uses) expect((await errorOf(use)).code).toBe('CT_CLOSED')
    })

    it('equals a map after any sequence of commits and reopenings', async () => {
      const commits = fc.array(fc.record({ rows: fc.array(anyCheckpoint, { maxLength: 4 }), reopens: fc.boolean() }))
      await fc.assert(
        fc.asyncProperty(commits, async (steps) => {
          await store.close()
          await place.remove()
          place = makePlace()
          store = place.store()
          await store.open()
          const model = new Map<string, LogCheckpoint>()
          for (const { rows, reopens } of steps) {
            await store.commit(rows)
            for (const row of rows) model.set(row.log.id, row)
            if (reopens) await reopen()
          }
          expect(await load()).toEqual(byId([...model.values()]))
        }),
        { numRuns: 40 },
      )
    }, 60_000)
  })
}

/** The order of logs is the store's own affair. */
function byId(rows: readonly LogCheckpoint[]): Record<string, LogCheckpoint> {
  return Object.fromEntries(rows.map((row) => [row.log.id, row]))
}

export async function errorOf(action: () => unknown): Promise<CtStreamError> {
  try {
    await action()
  } catch (error) {
    if (CtStreamError.is(error)) return error
    throw error
  }
  throw new Error('it did not fail')
}
