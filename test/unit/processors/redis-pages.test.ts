import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import type { ClaimKeeper } from '../../../src/processors/claim-keeper.js'
import type { RedisClaim } from '../../../src/processors/redis/claims.js'
import { RedisPages, type RedisReading } from '../../../src/processors/redis/pages.js'
import type { RedisParking } from '../../../src/processors/redis/parking.js'
import { sourceSettings } from '../../../src/processors/source-settings.js'
import type { RedisConnection } from '../../../src/redis/connection.js'
import type { RedisGroup } from '../../../src/redis/group.js'
import type { RedisLink } from '../../../src/redis/link.js'
import type { LogInfo } from '../../../src/types/log.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const id = Buffer.alloc(32, 1).toString('base64')
const log: LogInfo = { id, description: 'x', operator: 'x', kind: 'rfc6962', url: 'https://x/' }
const headersOf = (index: number) =>
  Object.entries({
    ...{ 'ct-v': '1', 'ct-log': id, 'ct-index': String(index), 'ct-epoch': '1', 'ct-body': 'omitted' },
    ...{ 'ct-leaf': '00'.repeat(32), 'ct-kind': 'certificate' },
  })

/** A stream whose first entry skips two indexes, and an entry to replay; the server's first word on the log is a failure. */
function begin() {
  const stored = [2, 3].map((index) => [Buffer.from(`${index}-1`), headersOf(index).flat().map(Buffer.from)])
  const facts = ['first-entry', [Buffer.from('2-1'), []], 'last-generated-id', Buffer.from('3-1')]
  const connection = {
    sendForBytes: async (_doing: string, [command]: readonly string[]) => (command === 'XRANGE' ? stored : facts),
  } as unknown as RedisConnection
  const reading = { use: <T>(work: (each: RedisConnection) => Promise<T>) => work(connection) } as RedisLink
  let failures = 0
  const once = async <T>(value: T): Promise<T> => {
    if (failures++ === 0) throw new CtStreamError('CT_SINK_FAILED', 'the connection is lost', { retryable: true })
    return value
  }
  const group = {
    positionOf: () => once({ position: 4 }),
    logOf: () => once(log),
  } as unknown as RedisGroup
  const replays = [{ key: 'k', index: 7, stream: 's', message: { headers: headersOf(7), body: Buffer.alloc(0) } }]
  const parking = { nextReplay: async () => replays.shift() } as unknown as RedisParking
  const claim: RedisClaim = {
    ...{ log, mark: { epoch: 0, next: 0 }, stream: 's', fence: '1', readTo: 0, head: 0, storedNext: 0 },
    ...{ isLeaving: false, cursor: '0-0', isDrained: false, isShort: false },
  }
  const keeper = { held: [claim], isStale: true, putLast() {} } as unknown as ClaimKeeper<RedisClaim>
  const all: RedisReading = { reading, waiting: reading, group, parking, bell: 'bell' }
  const clock = new VirtualClock()
  const { signal } = new AbortController()
  return { clock, claim, pages: new RedisPages(keeper, all, sourceSettings({ group: 'g', clock }), signal) }
}

describe('pages of streams in Redis', () => {
  it('are made when a request has failed while one was made, also of what is the end of a stream', async () => {
    const { claim, pages } = begin()
    await expect(pages.nextPage()).rejects.toMatchObject({ code: 'CT_SINK_FAILED' })
    expect(await pages.nextPage()).toMatchObject({ entries: [{ index: 2 }, { index: 3 }], end: 4 })
    expect(claim.isDrained).toBe(true)
    expect(await pages.nextPage()).toBeUndefined()
  })

  it('replay an entry although a request failed when it had been taken', async () => {
    const { clock, pages } = begin()
    const replay = pages.nextReplay()
    replay.catch(() => {})
    await clock.pass(1000)
    expect(await replay).toMatchObject({ kind: 'replay', key: 'k', entry: { kind: 'omitted', index: 7 } })
  })
})
