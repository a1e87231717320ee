import { describe, expect, it } from 'vitest'
import { listedBefore, listedNow } from '../../../src/stream/listed-before.js'
import type { LogInfo } from '../../../src/types/log.js'
import type { ListedLog } from '../../../src/types/log-list.js'
import { logOf } from '../../support/logs.js'

const listedAs = async (kind: 'rfc6962' | 'static-ct'): Promise<ListedLog> => {
  const { spec, logId: id } = await logOf(1, { kind })
  return {
    ...{ description: 'A 2026', operator: 'A', mmd: 60, lists: ['chrome'] },
    ...spec,
    ...{ id, state: 'usable', stateSince: new Date(1), finalTreeHead: undefined, addressFrom: 'fetched' },
    ...{ temporalInterval: { start: new Date(1000), end: new Date(2000) }, logType: 'prod' },
  } as ListedLog
}
const infoOf = ({ id, description, operator, ...log }: ListedLog): LogInfo => {
  return { id, description, operator, kind: log.kind, url: log.kind === 'rfc6962' ? log.url : log.monitoringUrl }
}
/** As a store gives it back. */
const kept = (log: ListedLog, changes: object = {}) => {
  const listed = JSON.parse(JSON.stringify({ ...listedNow(log), ...changes }))
  return listedBefore({ log: infoOf(log), learned: { listed } })
}

describe.each(['rfc6962', 'static-ct'] as const)('what a row says of a listed %s log', (kind) => {
  it('is enough to open and to select it', async () => {
    const log = await listedAs(kind)
    expect(kept(log)).toEqual({ ...log, stateSince: undefined, lists: [] })
    const { temporalInterval: _, logType: __, ...plain } = log
    const bare = { ...plain, temporalInterval: undefined, logType: undefined, addressFrom: 'given' } as const
    expect(kept(bare as ListedLog)).toEqual({ ...bare, stateSince: undefined, lists: [] })
  })

  it('leads to no address that only the caller may give, unless it says that the caller did', async () => {
    const log = await listedAs(kind)
    for (const addressFrom of [undefined, null, 1, 'mine'])
      expect(kept(log, { addressFrom })?.addressFrom).toBe('fetched')
  })

  it('is nothing where the key is of another log, or a field is missing', async () => {
    const [log, other] = [await listedAs(kind), await listedAs(kind)]
    for (const changes of [{ key: other.key }, { key: 'AAAA' }, { key: 7 }, { key: undefined }, { mmd: 'long' }])
      expect(kept(log, changes)).toBeUndefined()
    for (const listed of [undefined, null, 7, 'usable', []])
      expect(listedBefore({ log: infoOf(log), learned: { listed } })).toBeUndefined()
    expect(kept(log, { submissionUrl: undefined }) === undefined).toBe(kind === 'static-ct')
  })

  it('is nothing for a log that was named by hand', async () => {
    const { spec } = await logOf(1, { kind })
    expect(listedNow(spec)).toBeUndefined()
  })
})
