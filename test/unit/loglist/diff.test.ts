import { describe, expect, it } from 'vitest'
import { type ChangedField, diffSelections } from '../../../src/loglist/diff.js'
import { mergeLists } from '../../../src/loglist/merge.js'
import { selectLogs } from '../../../src/loglist/select.js'
import type { ListedLog } from '../../../src/types/log-list.js'
import { describeReal } from '../../real-data.js'
import { chromeAllLists, type LogJson, listedLog, realList, rfc6962Json, staticJson, testId } from './lists.js'

const byId = (logs: readonly ListedLog[]) => new Map(logs.map((log) => [log.id, log]))

describe('diffSelections', () => {
  const [a, b, c] = [listedLog(rfc6962Json(0)), listedLog(rfc6962Json(1)), listedLog(staticJson(2), 'tiled_logs')]

  it('tells what came and what went, and what the lists now say of it', () => {
    const retired = listedLog(rfc6962Json(0, { state: { retired: { timestamp: '2026-06-01T00:00:00Z' } } }))
    const diff = diffSelections([a, b], [c], byId([retired, c]))
    expect(diff).toEqual({
      added: [c],
      removed: [
        { before: a, after: retired },
        { before: b, after: undefined },
      ],
      changed: [],
    })
  })

  it('is empty for the same logs read again, in any order', () => {
    const again = [listedLog(staticJson(2), 'tiled_logs'), listedLog(rfc6962Json(0))]
    expect(diffSelections([a, c], again, byId(again))).toEqual({ added: [], removed: [], changed: [] })
  })

  const interval = (end: string) => ({ start_inclusive: '2026-01-01T00:00:00Z', end_exclusive: end })
  const finalHead = (n: number) => ({
    readonly: { timestamp: '2026-01-01T00:00:00Z', final_tree_head: { tree_size: n, sha256_root_hash: testId(3) } },
  })
  it.each<[LogJson, LogJson, ChangedField[]]>([
    [{}, { url: 'https://ct0.new.test-ca.org/' }, ['url']],
    [{}, { mmd: 3600 }, ['mmd']],
    [{}, { description: 'Renamed' }, ['description']],
    [{}, { state: { readonly: { timestamp: '2026-06-01T00:00:00Z' } } }, ['state']],
    [{}, { state: { usable: { timestamp: '2026-01-02T00:00:00Z' } } }, ['state']],
    [{ state: finalHead(1) }, { state: finalHead(2) }, ['finalTreeHead']],
    [{}, { temporal_interval: interval('2027-01-01T00:00:00Z') }, ['temporalInterval']],
    [
      { temporal_interval: interval('2027-01-01T00:00:00Z') },
      { temporal_interval: interval('2027-01-08T00:00:00Z') },
      ['temporalInterval'],
    ],
    [{}, { log_type: 'prod', mmd: 60 }, ['mmd', 'logType']],
  ])('%j to %j changes %j', (was, is, fields) => {
    const [before, after] = [listedLog(rfc6962Json(0, was)), listedLog(rfc6962Json(0, is))]
    expect(diffSelections([before], [after], byId([after])).changed).toEqual([{ before, after, fields }])
  })

  it('sees a log move from one protocol to the other, and static-ct prefixes change', () => {
    const tiled = listedLog(staticJson(0, { mmd: 86400 }), 'tiled_logs')
    expect(diffSelections([a], [tiled], byId([tiled])).changed[0]?.fields).toEqual([
      'kind',
      'url',
      'submissionUrl',
      'monitoringUrl',
    ])
    const moved = listedLog(staticJson(2, { monitoring_url: 'https://cdn.test-ca.org/2/' }), 'tiled_logs')
    expect(diffSelections([c], [moved], byId([moved])).changed[0]?.fields).toEqual(['monitoringUrl'])
  })
})

describeReal('diffSelections between published lists', () => {
  it('finds that from 2026-06-25 to 2026-08-02 only the shards of 2026h1 were dropped', () => {
    const merged = (path: string) => mergeLists([realList(path)]).logs
    const june = merged(chromeAllLists.find((path) => path.includes('2026-06-25')) as string)
    const august = merged(chromeAllLists.find((path) => path.includes('2026-08-02')) as string)
    const [before, after] = [
      selectLogs(june.values(), {}, Date.parse('2026-06-25T13:38:33Z')),
      selectLogs(august.values(), {}, Date.parse('2026-08-02T13:35:42Z')),
    ]
    const diff = diffSelections(before, after, august)
    expect(diff.added).toEqual([])
    expect(diff.changed).toEqual([])
    expect(diff.removed.length).toBeGreaterThan(5)
    for (const { before: log, after: now } of diff.removed) {
      expect(log.description).toMatch(/2026h1/i)
      expect(now?.state ?? 'rejected').toBe('rejected')
    }
  })
})
