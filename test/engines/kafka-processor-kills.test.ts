import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Consumer } from '@platformatic/kafka'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { kafkaAddress } from '../../src/kafka/address.js'
import { committedRecords } from '../../src/kafka/committed-records.js'
import { marksName } from '../../src/kafka/group-marks.js'
import { openParked } from '../../src/processors/index.js'
import type { TestLog } from '../../src/testing/index.js'
import { grow, logOf } from '../support/logs.js'
import { Collectors } from './collectors.js'
import { kafkaPlace, noKafka } from './kafka-place.js'

/** Faults of a run, two of three kill -9; `CT_STREAM_TEST_PROCESSOR_KILLS=200 npm run test:engines` makes a long one. */
const KILLS = Number(process.env.CT_STREAM_TEST_PROCESSOR_KILLS ?? 4)
/** Added to each log between two faults. */
const GROWTH = 400
/** Brokers take no shorter session unless they are told to. */
const LEASE_MS = 6000
const PARTITIONS = 3
const PROGRAM = join(import.meta.dirname, 'programs', 'kafka-processor.mjs')

describe.skipIf(noKafka)('processors on Kafka', () => {
  let place: ReturnType<typeof kafkaPlace>
  let logs: TestLog[]
  let collectors: Collectors
  let folder: string
  const processors: ChildProcess[] = []
  let said = ''
  beforeEach(async () => {
    place = kafkaPlace()
    folder = mkdtempSync(join(tmpdir(), 'ct-stream-processors-'))
    logs = await Promise.all([logOf(300), logOf(300, { kind: 'static-ct' }), logOf(300), logOf(300)])
    collectors = new Collectors({ url: place.url, sink: `${place.url}&body=leaf`, leaseMs: LEASE_MS }, logs)
  })
  afterEach(async () => {
    await Promise.all(processors.map(kill))
    await collectors.stopAll()
    await place.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  const start = () => {
    const child = spawn(process.execPath, [PROGRAM, JSON.stringify({ url: place.url, leaseMs: LEASE_MS, folder })], {
      stdio: ['ignore', 'ignore', 'pipe'],
    })
    child.stderr?.on('data', (text) => {
      said = (said + text).slice(-20_000)
    })
    child.once('exit', () => processors.splice(processors.indexOf(child), 1))
    processors.push(child)
  }
  /** What each process was given, in its order. */
  const given = () =>
    readdirSync(folder).map((name) =>
      readFileSync(join(folder, name), 'utf8')
        .split('\n')
        .slice(0, -1)
        .map((line) => line.split(' ') as [logId: string, index: string]),
    )
  const distinct = () => new Set(given().flatMap((lines) => lines.map((line) => line.join(' '))))
  const until = async (isReached: (count: number) => boolean) => {
    const began = performance.now()
    for (;;) {
      const { size } = distinct()
      if (isReached(size)) return
      if (performance.now() - began > 60_000)
        throw new Error(`${size} entries after a minute\n${said}\n${collectors.said}`)
      await wait(50)
    }
  }
  /** Each watermark of each log, in the order in which they were committed. */
  const watermarks = async () => {
    const consumer = new Consumer({ ...place.client, groupId: `${place.prefix}.test` })
    const found = new Map<string, number[]>()
    for (let partition = 0; partition < PARTITIONS; partition++)
      for await (const { key, value } of committedRecords(
        consumer,
        marksName(kafkaAddress(place.url), 'effects'),
        partition,
      )) {
        if (!String(key).startsWith('log:')) continue
        const { log, mark } = JSON.parse(String(value))
        found.set(log.id, [...(found.get(log.id) ?? []), mark.next])
      }
    await consumer.close(true)
    return found
  }

  it(
    `gives each entry to one, and no watermark goes back, in ${KILLS} kills and stops of two processors`,
    async () => {
      collectors.start()
      start()
      start()
      for (let i = 0; i < KILLS; i++) {
        const before = distinct().size
        for (const log of logs) grow(log, GROWTH)
        // In the middle of what came.
        await until((count) => count > before + (i % 5) * 100)
        const victim = processors[i % processors.length]
        if (i % 3 === 1) {
          // Stopped beyond its session, it wakes up with pages in its hands.
          victim?.kill('SIGSTOP')
          await wait(LEASE_MS * 1.5)
          victim?.kill('SIGCONT')
        } else {
          if (victim !== undefined) await kill(victim)
          start()
        }
      }
      const size = logs.reduce((sum, log) => sum + log.size, 0)
      await until((count) => count >= size)
      expect(distinct().size).toBe(size)
      // What is given again was given to a process that lost its log before that was stored: a part, not everything.
      expect(given().flat().length).toBeLessThan(size * 1.5)
      // What a killed one had in its hands is given again, and finished with.
      await expect
        .poll(async () => [...(await watermarks()).values()].map((moves) => moves.at(-1)).sort(), { timeout: 60_000 })
        .toEqual(logs.map((log) => log.size).sort())
      for (const process of [...processors]) {
        const exited = once(process, 'exit')
        process.kill('SIGTERM')
        await exited
      }
      const marks = await watermarks()
      for (const log of logs) {
        const moves = marks.get(log.logId) ?? []
        expect(moves).toEqual([...moves].sort((a, b) => a - b))
        expect(moves.at(-1)).toBe(log.size)
      }
      await using parked = await openParked(place.url)
      expect(await parked.list()).toEqual([])
    },
    120_000 + KILLS * 30_000,
  )
})

async function kill(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGCONT')
  child.kill('SIGKILL')
  await exited
}
