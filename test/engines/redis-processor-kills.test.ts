import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { openParked } from '../../src/processors/index.js'
import { logOf } from '../support/logs.js'
import { startedServer } from './own-server.js'
import { QueueProcessors } from './queue-processors.js'
import { write } from './queue-use.js'
import { noRedis } from './redis-place.js'

/** Faults of a run, two of three kill -9; `CT_STREAM_TEST_PROCESSOR_KILLS=200 npm run test:engines` makes a long one. */
const KILLS = Number(process.env.CT_STREAM_TEST_PROCESSOR_KILLS ?? 10)
const LEASE_MS = 1000

describe.skipIf(noRedis)('processors on Redis', () => {
  it(
    `gives each entry to one, and no watermark goes back, in ${KILLS} kills and stops of two processors`,
    async () => {
      const server = await startedServer('redis')
      const logs = await Promise.all([logOf(300), logOf(300, { kind: 'static-ct' }), logOf(300), logOf(300)])
      const fill = async () => {
        for (const log of logs) await write(`${server.url}?body=leaf`, log).done
      }
      const processors = new QueueProcessors(server.url, LEASE_MS)
      onTestFinished(() => processors.remove())
      await fill()
      processors.start()
      processors.start()
      await processors.endure(KILLS, logs, fill)
      const marks = () => watermarks(join(server.folder, 'data'))
      // What a killed one had in its hands is given again, and finished with.
      const began = performance.now()
      const wanted = logs.map((log) => log.size).sort()
      const last = () => [...marks().values()].map((moves) => moves.at(-1)).sort()
      while (String(last()) !== String(wanted) && performance.now() - began < 60_000) await wait(100)
      await processors.stop()
      expect(marks().size).toBe(logs.length)
      for (const log of logs) {
        const moves = marks().get(`ct:entries:${log.logId}`) ?? []
        expect(moves).toEqual([...moves].sort((a, b) => a - b))
        expect(moves.at(-1)).toBe(log.size)
      }
      await using parked = await openParked(server.url)
      expect(await parked.list()).toEqual([])
    },
    120_000 + KILLS * 15_000,
  )
})

/** Each watermark of each stream, in the order in which the server has written them to its file: `HSET key stream "epoch next"`. */
function watermarks(folder: string): Map<string, number[]> {
  const files = readdirSync(join(folder, 'appendonlydir')).filter((name) => name.endsWith('.incr.aof'))
  const found = new Map<string, number[]>()
  for (const name of files) {
    const text = readFileSync(join(folder, 'appendonlydir', name), 'latin1')
    for (const [, stream = '', next] of text.matchAll(
      /\r\nct:marks:effects\r\n\$\d+\r\n([^\r]+)\r\n\$\d+\r\n\d+ (\d+)\r\n/g,
    ))
      found.set(stream, [...(found.get(stream) ?? []), Number(next)])
  }
  return found
}
