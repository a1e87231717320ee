import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { natsAddress } from '../../src/nats/address.js'
import { NatsConnection } from '../../src/nats/connection.js'
import { groupStream } from '../../src/nats/group-stream.js'
import { GroupWatch } from '../../src/nats/group-watch.js'
import { openParked } from '../../src/processors/index.js'
import type { TestLog } from '../../src/testing/index.js'
import { logOf } from '../support/logs.js'
import { natsPlace, noNats } from './nats-place.js'
import { QueueProcessors } from './queue-processors.js'
import { write } from './queue-use.js'

/** Faults of a run, two of three kill -9; `CT_STREAM_TEST_PROCESSOR_KILLS=200 npm run test:engines` makes a long one. */
const KILLS = Number(process.env.CT_STREAM_TEST_PROCESSOR_KILLS ?? 6)
const LEASE_MS = 1500

describe.skipIf(noNats)('processors on NATS', () => {
  let place: Awaited<ReturnType<typeof natsPlace>>
  let logs: TestLog[]
  let processors: QueueProcessors
  let connection: NatsConnection
  beforeEach(async () => {
    place = await natsPlace()
    logs = await Promise.all([logOf(300), logOf(300, { kind: 'static-ct' }), logOf(300), logOf(300)])
    processors = new QueueProcessors(place.url, LEASE_MS)
    connection = await NatsConnection.open(natsAddress(place.url))
  })
  afterEach(async () => {
    await processors.remove()
    await connection.close()
    await place.remove()
  })

  /** Each watermark of each log, in the order in which the server took them. */
  const watermarks = async () => {
    const found = new Map<string, { owner: string; next: number }[]>()
    const stream = groupStream(natsAddress(place.url), 'effects')
    const watch = new GroupWatch(connection, stream, (key) => {
      if (!key.startsWith('log.')) return
      const { owner, mark } = JSON.parse(watch.records.get(key)?.value ?? '')
      found.set(key, [...(found.get(key) ?? []), { owner, next: mark.next }])
    })
    await watch.open(stream)
    return found
  }

  it(
    `gives each entry to one, and no watermark goes back, in ${KILLS} kills and stops of two processors`,
    async () => {
      const fill = async () => {
        for (const log of logs) await write(place.url, log).done
      }
      await fill()
      processors.start()
      processors.start()
      await processors.until((count) => count > 0)
      const marks = await watermarks()
      await processors.endure(KILLS, logs, fill)
      const sizes = logs.map((log) => log.size).sort()
      const last = () => [...marks.values()].map((moves) => moves.at(-1)?.next).sort()
      await expect.poll(last, { timeout: 30_000 }).toEqual(sizes)
      expect(new Set([...marks.values()].map((moves) => moves.at(-1)?.owner)).size).toBe(2)
      await processors.stop()
      await expect.poll(() => [...marks.values()].map((moves) => moves.at(-1)?.owner)).toEqual(['', '', '', ''])
      expect(last()).toEqual(sizes)
      for (const moves of marks.values()) {
        const nexts = moves.map(({ next }) => next)
        expect(nexts).toEqual([...nexts].sort((a, b) => a - b))
      }
      await using parked = await openParked(place.url)
      expect(await parked.list()).toEqual([])
    },
    120_000 + KILLS * 15_000,
  )
})
