import Database from 'better-sqlite3'
import { expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../src/checkpoint/sqlite.js'
import type { LogCondition } from '../../../src/types/checkpoint.js'
import { checkpoint, log } from './samples.js'
import { useTempFolder } from './temp-folder.js'

const folder = useTempFolder()

const failing: LogCondition = {
  log: log(1),
  state: 'opening',
  failingSince: 1_790_000_000_000,
  nextRetryAt: 1_790_000_060_000,
  waitsFor: undefined,
  lastError: { code: 'CT_HTTP_NETWORK', message: 'nothing listens at that address' },
  recordedAt: 1_790_000_030_000,
}
const well: LogCondition = {
  log: log(2),
  state: 'live',
  failingSince: undefined,
  nextRetryAt: undefined,
  waitsFor: { kind: 'head', signedAt: 1_790_086_460_000 },
  lastError: undefined,
  recordedAt: 1_790_000_030_000,
}

async function opened(path = folder.file()): Promise<SqliteCheckpointStore> {
  const store = new SqliteCheckpointStore(path)
  await store.open()
  return store
}

it('keeps how logs fare, also without a position, in their order', async () => {
  const path = folder.file()
  const store = await opened(path)
  expect(store.conditions()).toEqual([])
  store.putConditions([failing, well])
  const reader = new SqliteCheckpointStore(path, { readOnly: true })
  await reader.open()
  expect([reader.conditions(), reader.load()]).toEqual([[failing, well], []])
  reader.close()
  store.close()
  const again = await opened(path)
  expect(again.conditions()).toEqual([failing, well])
  again.close()
})

it('replaces what was kept before, whole', async () => {
  const store = await opened()
  store.putConditions([failing, well])
  store.putConditions([{ ...failing, state: 'waiting' }])
  expect(store.conditions()).toEqual([{ ...failing, state: 'waiting' }])
  store.putConditions([])
  expect(store.conditions()).toEqual([])
  store.close()
})

it('changes no position and no checksum', async () => {
  const store = await opened()
  store.commit([checkpoint(1, 100)])
  const before = store.load()
  store.putConditions([failing])
  expect(store.load()).toEqual(before)
  store.close()
})

it.each([
  ['a time that no date can show', 'recorded_at = 8640000000000001'],
  ['a time before 1970', 'failing_since = -1'],
  ['a log that is not JSON', "log = '{'"],
  ['an end that is nothing', "waits_for = 'null'"],
  ['an end at no time', `waits_for = '{"kind":"head","signedAt":-5}'`],
  ['an end at no index', `waits_for = '{"kind":"entry","index":0.5}'`],
])('is refused when it was damaged: %s', async (_, change) => {
  const path = folder.file()
  const store = await opened(path)
  store.putConditions([failing])
  store.close()
  const db = new Database(path)
  db.exec(`UPDATE condition SET ${change}`)
  db.close()
  const damaged = await opened(path)
  expect(() => damaged.conditions()).toThrow(expect.objectContaining({ code: 'CT_CHECKPOINT_UNUSABLE' }))
  damaged.close()
})
