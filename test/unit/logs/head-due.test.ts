import { expect, it } from 'vitest'
import { headDueMs } from '../../../src/logs/head-due.js'
import type { LogSpec } from '../../../src/types/log.js'
import type { ListedLog, ListedState } from '../../../src/types/log-list.js'

const NOW = Date.parse('2026-11-22T00:00:00Z')
const rfc6962: LogSpec = { kind: 'rfc6962', url: 'https://log.example/', key: '' }
const tiled: LogSpec = {
  kind: 'static-ct',
  monitoringUrl: 'https://m.example/',
  submissionUrl: 'https://log.example/',
  key: '',
}
const listed = (changes: Partial<ListedLog> = {}): ListedLog =>
  ({
    ...{ ...tiled, id: '', description: '', operator: '', mmd: 60, state: 'usable', stateSince: undefined },
    ...{ finalTreeHead: undefined, temporalInterval: undefined, logType: undefined, lists: [] },
    ...changes,
  }) as ListedLog

it('is the maximum merge delay, by default that of its kind', () => {
  expect([headDueMs(rfc6962, NOW), headDueMs(tiled, NOW)]).toEqual([86_400_000, 60_000])
  expect(headDueMs({ ...tiled, mmd: 7 }, NOW)).toBe(7000)
  expect(headDueMs(listed({ mmd: 604_800 }), NOW)).toBe(604_800_000)
})

it('is nothing for a log that takes no more entries', () => {
  const due = (state: ListedState) => headDueMs(listed({ state }), NOW)
  expect((['pending', 'qualified', 'usable', 'unlisted'] as const).map(due)).toEqual(Array(4).fill(60_000))
  expect((['readonly', 'retired', 'rejected'] as const).map(due)).toEqual(Array(3).fill(undefined))
  expect(headDueMs(listed({ finalTreeHead: { treeSize: 1, rootHash: new Uint8Array(32) } }), NOW)).toBeUndefined()
  const until = (end: number) => listed({ temporalInterval: { start: new Date(0), end: new Date(end) } })
  expect([headDueMs(until(NOW + 1), NOW), headDueMs(until(NOW), NOW)]).toEqual([60_000, undefined])
})
