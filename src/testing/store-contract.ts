import assert from 'node:assert/strict'
import { isUint8Array } from 'node:util/types'
import { loadedRows } from '../checkpoint/check.js'
import { type CtErrorCode, CtStreamError } from '../errors.js'
import type { CheckpointStore, LogCheckpoint } from '../types/checkpoint.js'
import { toHex } from '../util/bytes.js'
import { SeededRandom } from './seeded.js'
import {
  sampleCheckpoint,
  sampleEvidence,
  sampleGap,
  sampleHead,
  sampleList,
  sampleLog,
  sampleRange,
} from './store-samples.js'

/** A place for a store's data: a table, a file, a key prefix. Each case of the contract uses a new one. */
export interface CheckpointStorePlace {
  /** An unopened store in this place. Called several times, to simulate the next process and a rival. */
  store(): CheckpointStore
  /** Called last, when every store is closed. */
  remove?(): void | Promise<void>
}

/** One promise of the interface `CheckpointStore`. */
export interface CheckpointStoreCase {
  /** The end of a sentence that begins with «a store …». */
  readonly name: string
  /** Rejects with an `AssertionError` when the store does not keep the promise. */
  run(): Promise<void>
}

/**
 * The requirements on a `CheckpointStore`, as cases for any test runner.
 *
 * ```ts
 * import { test } from 'node:test' // or vitest, mocha, …
 * import { checkpointStoreContract } from 'ct-stream/testing'
 *
 * for (const { name, run } of checkpointStoreContract(() => newPlace())) test(name, run)
 * ```
 *
 * Not covered, because a test in one process cannot show it: a commit survives the death of the process, evidence a power cut.
 *
 * @param makePlace - A new, empty place for each case.
 */
export function checkpointStoreContract(
  makePlace: () => CheckpointStorePlace | Promise<CheckpointStorePlace>,
): CheckpointStoreCase[] {
  return cases.map(([name, check]) => ({
    name,
    run: async () => {
      const place = await makePlace()
      const trial = new Trial(place)
      try {
        await trial.store.open()
        await check(trial)
      } finally {
        await trial.store.close()
        await place.remove?.()
      }
    },
  }))
}

/** One place in use by one stream. */
class Trial {
  store: CheckpointStore
  private readonly place: CheckpointStorePlace

  constructor(place: CheckpointStorePlace) {
    this.place = place
    this.store = place.store()
  }

  rival(): CheckpointStore {
    return this.place.store()
  }

  /** Ends the stream and begins the next one. */
  async reopen(): Promise<void> {
    await this.store.close()
    this.store = this.place.store()
    await this.store.open()
  }

  /** The rows as the library sees them, in any order of logs. */
  async expectRows(rows: readonly LogCheckpoint[]): Promise<void> {
    const loaded = loadedRows(await this.store.load(), 'the store under test')
    expectEqual(byId(loaded), byId(rows))
  }

  async expectRowsNowAndLater(rows: readonly LogCheckpoint[]): Promise<void> {
    await this.expectRows(rows)
    await this.reopen()
    await this.expectRows(rows)
  }
}

type Check = (trial: Trial) => Promise<void>

const refused: readonly (readonly [string, LogCheckpoint])[] = [
  ['a position above 2^53 - 1', sampleCheckpoint(2, 2 ** 53)],
  ['a negative position', sampleCheckpoint(2, 0, { position: -1 })],
  ['a fractional position', sampleCheckpoint(2, 0, { position: 1.5 })],
  ['a position that is not a number', sampleCheckpoint(2, 0, { position: Number.NaN })],
  ['a hash of 31 bytes', sampleCheckpoint(2, 1, { range: [new Uint8Array(31)] })],
  ['a range that does not fit its position', sampleCheckpoint(2, 3, { range: sampleRange(1) })],
  [
    'a pending head without a whole root',
    sampleCheckpoint(2, 1, { pendingHeads: [{ ...sampleHead(1), rootHash: new Uint8Array() }] }),
  ],
  ['a head of an impossible size', sampleCheckpoint(2, 1, { verifiedHead: { ...sampleHead(1), treeSize: 2 ** 60 } })],
  ['a log without an id', sampleCheckpoint(2, 1, { log: sampleLog(2, { id: '' }) })],
  ['a row whose checksum is another row’s', { ...sampleCheckpoint(2, 1), checksum: sampleCheckpoint(2, 2).checksum }],
]

const cases: readonly (readonly [string, Check])[] = [
  [
    'knows nothing at first',
    async ({ store }) => {
      expectEqual(await store.load(), [])
      expectEqual(await store.gaps(), [])
      expectEqual(await store.evidence(), [])
      expectEqual(await store.issuer('00'), undefined)
      expectEqual(await store.list('https://example.com/list.json'), undefined)
    },
  ],

  [
    'returns what was committed, at once and after a reopening',
    async (trial) => {
      const positions = [0, 1, 2 ** 31, 2 ** 32 + 5, 2 ** 53 - 41]
      const rows = positions.map((position, n) => sampleCheckpoint(n, position))
      await trial.store.commit(rows)
      await trial.expectRowsNowAndLater(rows)
    },
  ],

  [
    'tells an empty compact range from none, and keeps the absence of a head',
    async (trial) => {
      const rows = [
        sampleCheckpoint(1, 0, { range: [], verifiedHead: undefined, pendingHeads: [] }),
        sampleCheckpoint(2, 0, { range: undefined }),
        sampleCheckpoint(3, 7, { range: undefined, learned: {} }),
      ]
      await trial.store.commit(rows)
      await trial.expectRowsNowAndLater(rows)
    },
  ],

  [
    'keeps the checksum of a row',
    async (trial) => {
      const row = sampleCheckpoint(1, 11)
      await trial.store.commit([row])
      await trial.reopen()
      const [loaded] = await trial.store.load()
      expectEqual(loaded?.checksum, row.checksum)
    },
  ],

  [
    'replaces only the rows it is given',
    async (trial) => {
      await trial.store.commit([sampleCheckpoint(1, 10), sampleCheckpoint(2, 20)])
      const log = sampleLog(1, { description: 'renamed', url: 'https://moved.example/' })
      const moved = sampleCheckpoint(1, 11, { log, pendingHeads: [sampleHead(99)] })
      await trial.store.commit([moved])
      await trial.expectRowsNowAndLater([moved, sampleCheckpoint(2, 20)])
    },
  ],

  [
    'keeps the last of two rows of one log, and nothing of an empty commit',
    async (trial) => {
      await trial.store.commit([sampleCheckpoint(1, 10), sampleCheckpoint(1, 12)])
      await trial.store.commit([])
      await trial.expectRows([sampleCheckpoint(1, 12)])
    },
  ],

  [
    'may be given the same commit again',
    async (trial) => {
      const rows = [sampleCheckpoint(1, 10), sampleCheckpoint(2, 20)]
      for (let i = 0; i < 3; i++) await trial.store.commit(rows)
      await trial.expectRowsNowAndLater(rows)
    },
  ],

  ...refused.map(([what, bad]): readonly [string, Check] => [
    `refuses ${what}, and keeps nothing of its commit`,
    async (trial) => {
      await trial.store.commit([sampleCheckpoint(1, 5)])
      await expectError('CT_OPTION_INVALID', () => trial.store.commit([sampleCheckpoint(1, 6), bad]))
      await trial.expectRowsNowAndLater([sampleCheckpoint(1, 5)])
    },
  ]),

  [
    'shares no memory with its caller',
    async (trial) => {
      const row = sampleCheckpoint(1, 3)
      await trial.store.commit([row])
      row.range?.[0]?.fill(0)
      row.verifiedHead?.rootHash.fill(0)
      Object.assign(row.learned, { pageSize: 1 })
      await trial.expectRows([sampleCheckpoint(1, 3)])
      const [loaded] = await trial.store.load()
      loaded?.range?.[0]?.fill(0)
      await trial.expectRows([sampleCheckpoint(1, 3)])
      const der = Uint8Array.of(1, 2, 3)
      await trial.store.putIssuer('aa', der)
      der.fill(0)
      expectEqual(await trial.store.issuer('aa'), Uint8Array.of(1, 2, 3))
    },
  ],

  [
    'keeps gaps in the order they were recorded, each once',
    async (trial) => {
      const gaps = [
        sampleGap(2, 5, 9),
        sampleGap(1, 0, undefined),
        sampleGap(2, 5, 10),
        sampleGap(2, 2 ** 40, 2 ** 40 + 1),
      ]
      for (const gap of gaps) await trial.store.addGap(gap)
      for (const gap of gaps) await trial.store.addGap({ ...gap, recordedAt: 1, reason: 'seen again after a restart' })
      expectEqual(await trial.store.gaps(), gaps)
      await trial.reopen()
      expectEqual(await trial.store.gaps(), gaps)
    },
  ],

  [
    'keeps all evidence, in the order it was recorded',
    async (trial) => {
      for (const n of [1, 2, 1]) await trial.store.addEvidence(sampleEvidence(n))
      await trial.reopen()
      expectEqual(await trial.store.evidence(), [sampleEvidence(1), sampleEvidence(2), sampleEvidence(1)])
    },
  ],

  [
    'keeps issuers by fingerprint',
    async (trial) => {
      const der = new Uint8Array(70_000).fill(7)
      await trial.store.putIssuer('aa', der)
      await trial.store.putIssuer('bb', new Uint8Array())
      await trial.store.putIssuer('aa', der)
      await trial.reopen()
      expectEqual(await trial.store.issuer('aa'), der)
      expectEqual(await trial.store.issuer('bb'), new Uint8Array())
      expectEqual(await trial.store.issuer('AA'), undefined)
    },
  ],

  [
    'keeps the last list of each URL',
    async (trial) => {
      await trial.store.putList(sampleList('https://a.example/', 'old'))
      await trial.store.putList(sampleList('https://b.example/', 'other'))
      const lastModified = 'Sun, 22 Nov 2026 12:00:00 GMT'
      const last = { ...sampleList('https://a.example/', 'new'), etag: undefined, lastModified }
      await trial.store.putList(last)
      await trial.reopen()
      expectEqual(await trial.store.list('https://a.example/'), last)
      expectEqual(await trial.store.list('https://b.example/'), sampleList('https://b.example/', 'other'))
    },
  ],

  [
    'refuses a second stream until the first is done',
    async (trial) => {
      await expectError('CT_CHECKPOINT_CONFLICT', () => trial.store.open())
      await expectError('CT_CHECKPOINT_CONFLICT', () => trial.rival().open())
      await trial.store.commit([sampleCheckpoint(1, 1)])
      await trial.expectRowsNowAndLater([sampleCheckpoint(1, 1)])
    },
  ],

  [
    'can be closed twice, and is of no use then',
    async ({ store }) => {
      await store.close()
      await store.close()
      const uses: readonly (() => unknown)[] = [
        () => store.load(),
        () => store.commit([]),
        () => store.addGap(sampleGap(1, 0, 1)),
        () => store.gaps(),
        () => store.addEvidence(sampleEvidence(1)),
        () => store.evidence(),
        () => store.issuer('aa'),
        () => store.putIssuer('aa', new Uint8Array()),
        () => store.list('u'),
        () => store.putList(sampleList('u', '')),
      ]
      for (const use of uses) await expectError('CT_CLOSED', use)
    },
  ],

  [
    'equals a map after any sequence of commits and reopenings',
    async (trial) => {
      const random = new SeededRandom('checkpoint store contract')
      const model = new Map<string, LogCheckpoint>()
      for (let step = 0; step < 40; step++) {
        const rows = Array.from({ length: random.below(4) }, () => {
          const position = random.next() * 2 ** random.below(21)
          const pendingHeads = Array.from({ length: random.below(3) }, () => sampleHead(random.next()))
          return sampleCheckpoint(random.below(6), position, {
            pendingHeads,
            learned: { pageSize: random.below(1024) },
          })
        })
        await trial.store.commit(rows)
        for (const row of rows) model.set(row.log.id, row)
        if (random.below(4) === 0) await trial.reopen()
        await trial.expectRows([...model.values()])
      }
    },
  ],
]

function byId(rows: readonly LogCheckpoint[]): Record<string, LogCheckpoint> {
  return Object.fromEntries(rows.map((row) => [row.log.id, row]))
}

function expectEqual(actual: unknown, expected: unknown): void {
  assert.deepStrictEqual(comparable(actual), comparable(expected))
}

/** Treats a `Buffer` like a `Uint8Array`, and a missing property like `undefined`. */
function comparable(value: unknown): unknown {
  if (isUint8Array(value)) return `bytes ${toHex(value)}`
  if (Array.isArray(value)) return value.map(comparable)
  if (typeof value !== 'object' || value === null) return value
  const entries = Object.entries(value).filter(([, field]) => field !== undefined)
  return Object.fromEntries(entries.map(([name, field]) => [name, comparable(field)]))
}

async function expectError(code: CtErrorCode, action: () => unknown): Promise<void> {
  let result: unknown
  try {
    result = await action()
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return assert.equal(error.code, code, `it must fail with ${code}, not ${error.code}: ${error.message}`)
  }
  assert.fail(`it must fail with ${code}, and returned ${String(result)}`)
}
