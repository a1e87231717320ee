import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { Admin, Consumer, murmur2, Producer } from '@platformatic/kafka'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { kafkaAddress } from '../../src/kafka/address.js'
import { committedRecords } from '../../src/kafka/committed-records.js'
import { marksName } from '../../src/kafka/group-marks.js'
import { openSink, pump } from '../../src/sinks/index.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import type { QueueSourceOptions } from '../../src/types/queue.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { type AbsentQueue, expectPatience } from './absence.js'
import { noKafka } from './kafka-place.js'
import { kafkaQueue } from './kafka-queue.js'
import { brokerBehindProxy, ownServer } from './own-server.js'
import { range, read, reading, write } from './queue-use.js'
import { ASIDE, expectReadOn, expectSetAside } from './set-aside.js'
import { smallDisk } from './small-disk.js'

/** Of Kafka's protocol: what a transactional producer begins with, and the end of its transactions. */
const INIT_PRODUCER_ID = 22
const END_TXN = 26
/** Beyond the longest step, and two sessions. Milliseconds. */
const AWAY_MS = 60_000

describe.skipIf(noKafka)('a queue in Kafka, when something is wrong', () => {
  it('sets aside foreign messages, damaged ones and those of another version, and reads the others', async () => {
    const queue = kafkaQueue()
    onTestFinished(() => queue.remove())
    const log = await logOf(60)
    await write(queue.url, log).done
    const producer = new Producer(queue.place.client)
    const [ours] = await queue.place.records()
    const named = new Map((ours?.headers ?? []).map(([name, text]) => [String(name), String(text)]))
    const put = (headers: Record<string, string>, value = ours?.value ?? Buffer.alloc(0)) =>
      producer.send({
        messages: [
          {
            topic: queue.place.topic,
            key: Buffer.from(log.logId),
            value,
            headers: new Map(Object.entries(headers).map(([name, text]) => [Buffer.from(name), Buffer.from(text)])),
          },
        ],
      })
    const valid = Object.fromEntries(named)
    await put({}, Buffer.from('{"amount":3}'))
    await put({ ...valid, 'ct-index': '60', 'ct-v': '2' })
    await put({ ...valid, 'ct-index': '61' }, Buffer.from('no leaf'))
    // Far beyond what any collector has written: the entries up to there are still to come.
    await put({ ...valid, 'ct-index': '9000000' }, Buffer.from('no leaf'))
    // Of an epoch that no owner has had: the entries of those who are to come would be stale.
    await put({ ...valid, 'ct-epoch': '9000000' })
    await put({ ...valid, 'ct-index': '62', 'ct-log': Buffer.alloc(32, 7).toString('base64') })
    await producer.close()
    const open = () => queue.source({ group: 'g', end: 'head', leaseMs: 6000 })
    await expectSetAside(queue, log, open, [[0, 'no collector has written an entry at this index and epoch'], ...ASIDE])
    await expectReadOn(queue.url, log, open)
  })

  it('reads on in partitions that were added, while it runs and after a restart', async () => {
    const queue = kafkaQueue()
    onTestFinished(() => queue.remove())
    const partitionOf = (logId: string, count: number) => (murmur2(Buffer.from(logId)) & 0x7fffffff) % count
    let log = await logOf(100)
    while (partitionOf(log.logId, 4) < 2) log = await logOf(100)
    await write(queue.url, log).done
    const source = (group: string, options: Partial<QueueSourceOptions> = {}) => {
      const made = queue.source({ group, leaseMs: 6000, commitIntervalMs: 50, ...options })
      onTestFinished(() => made.close())
      return made
    }
    const readAll = async (group: string, options: Partial<QueueSourceOptions> = {}) => {
      const one = source(group, { end: 'head', ...options })
      const found = await read(one, 10_000)
      await one.close()
      return found
    }
    const running = source('all')
    const { found, ended } = reading(running)
    const waitFor = (count: number) =>
      vi.waitFor(() => expect(found).toEqual(range(0, count)), { timeout: 30_000, interval: 50 })
    await waitFor(100)
    expect(await readAll('late', { start: 'now' })).toEqual([])
    // This one notes no beginning, as it wants everything; an earlier version never did.
    expect(await readAll('earlier')).toEqual(range(0, 100))
    await addPartitions(queue.place, 4)
    grow(log, 50)
    await write(queue.url, log).done
    await waitFor(150)
    // What was written before it had looked for partitions is not passed over either.
    expect(await readAll('late', { start: 'now' })).toEqual(range(100, 150))
    expect(await readAll('earlier', { start: 'now' })).toEqual(range(100, 150))
    await running.close()
    await ended
    grow(log, 20)
    await write(queue.url, log).done
    expect(await readAll('all')).toEqual(range(150, 170))
    expect(await readAll('late', { start: 'now' })).toEqual(range(150, 170))
    // A group that is new has both.
    expect((await readAll('new')).sort((a, b) => a - b)).toEqual(range(0, 170))
    expect(await readAll('newest', { start: 'now' })).toEqual([])
  }, 120_000)

  it('stores its offset again where retention has taken the rest of a log that has ended', async () => {
    const queue = kafkaQueue()
    onTestFinished(() => queue.remove())
    const ended = await logOf(100)
    const half = await queue.halfOf?.(ended.logId)
    let other = await logOf(50)
    while ((await queue.halfOf?.(other.logId)) !== half) other = await logOf(50)
    const readAll = async (count = 1000) => {
      const source = queue.source({ group: 'g', end: 'head', leaseMs: 6000 })
      const found = await read(source, count)
      await source.close()
      return found
    }
    const stored = async () => {
      const consumer = new Consumer({ ...queue.place.client, groupId: `${queue.place.prefix}.test` })
      let offset = 0
      for await (const { key, value } of committedRecords(consumer, marksName(kafkaAddress(queue.url), 'g'), half))
        if (String(key) === 'offset') offset = Number(JSON.parse(String(value)))
      await consumer.close(true)
      return offset
    }
    await write(queue.url, ended).done
    expect(await readAll(20)).toHaveLength(20)
    await write(queue.url, other).done
    await queue.retain?.(ended.logId, 100)
    expect(await readAll()).toEqual(range(0, 50))
    const before = await stored()
    grow(other, 50)
    await write(queue.url, other).done
    expect(await readAll()).toEqual(range(50, 100))
    expect(await stored()).toBeGreaterThan(before)
    expect(before).toBeGreaterThan(100)
  })

  describe('where somebody has made the topic of entries anew', () => {
    const begin = async () => {
      const queue = kafkaQueue()
      onTestFinished(() => queue.remove())
      const log = await logOf(500)
      const remake = async (more: number) => {
        const admin = new Admin(queue.place.client)
        await admin.deleteTopics({ topics: [queue.place.topic] })
        await vi.waitFor(async () => expect(await admin.listTopics()).not.toContain(queue.place.topic), SEEN)
        await admin.close()
        grow(log, more)
        await write(queue.url, log).done
      }
      await write(queue.url, log).done
      return { queue, log, remake }
    }
    const SEEN = { timeout: 30_000, interval: 50 }

    it.each([50, 1000])('misses what it had not read, and reads the new one of %i entries', async (more) => {
      const { queue, log, remake } = await begin()
      const first = queue.source({ group: 'g', end: 'head', leaseMs: 6000, pageEntries: 100 })
      expect(await read(first, 300)).toEqual(range(0, 300))
      await first.close()
      await remake(more)
      const again = queue.source({ group: 'g', end: 'head', leaseMs: 6000 })
      expect(await read(again, 10_000)).toEqual(range(500, 500 + more))
      await again.close()
      expect(await queue.missed('g')).toEqual([{ logId: log.logId, start: 300, end: 500 }])
    })

    it('reads the new one from its beginning while it runs', async () => {
      const { queue, remake } = await begin()
      const source = queue.source({ group: 'g', leaseMs: 6000, commitIntervalMs: 50 })
      onTestFinished(() => source.close())
      const { found } = reading(source)
      await vi.waitFor(() => expect(found).toHaveLength(500), SEEN)
      await remake(1000)
      await vi.waitFor(() => expect(found).toEqual(range(0, 1500)), SEEN)
      expect(await queue.missed('g')).toEqual([])
    }, 120_000)
  })

  describe('where a filter has left out entries', () => {
    const begin = async () => {
      const queue = kafkaQueue()
      onTestFinished(() => queue.remove())
      const one = await logOf(300)
      const half = await queue.halfOf?.(one.logId)
      let other = await logOf(300)
      while ((await queue.halfOf?.(other.logId)) !== half) other = await logOf(300)
      const fill = (log: typeof one, match = (_: { readonly index: number }) => true) =>
        pump({
          sink: queue.sink(),
          stream: (checkpoint) =>
            backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual', filter: { match } }),
        })
      const open = () => queue.source({ group: 'g', end: 'head', leaseMs: 6000 })
      await fill(one)
      await fill(other)
      const first = open()
      expect(await read(first, 10_000)).toHaveLength(600)
      await first.close()
      return { queue, one, other, fill, open }
    }

    it('misses nothing of a log of which retention took only what was read', async () => {
      const { queue, one, other, fill, open } = await begin()
      grow(other, 700)
      await fill(other, () => false)
      grow(one, 150)
      await fill(one)
      await queue.retain?.(one.logId, 450)
      const source = open()
      expect(await read(source, 10_000)).toEqual([])
      await source.close()
      expect(await queue.missed('g')).toEqual([{ logId: one.logId, start: 300, end: 450 }])
    })

    it('misses what retention took up to the last entry that was written before the next one', async () => {
      const { queue, one, other, fill, open } = await begin()
      grow(other, 700)
      await fill(other, ({ index }) => index < 310 || index >= 990)
      grow(one, 10)
      await fill(one)
      await queue.retain?.(other.logId, 310)
      const source = open()
      expect((await read(source, 10_000)).sort((a, b) => a - b)).toEqual([...range(300, 310), ...range(990, 1000)])
      await source.close()
      expect(await queue.missed('g')).toEqual([{ logId: other.logId, start: 300, end: 310 }])
    })
  })

  it('reads all behind messages above the end that somebody else wrote, also when it comes later', async () => {
    const queue = kafkaQueue()
    onTestFinished(() => queue.remove())
    const log = await logOf(100)
    await write(queue.url, log).done
    const open = () => queue.source({ group: 'g', end: 'head', leaseMs: 6000 })
    const first = open()
    const entries: CtCertificate[] = []
    for await (const page of first.batches())
      for (const certificate of page) {
        entries.push(certificate)
        first.acknowledge(certificate)
      }
    await first.close()
    expect(entries).toHaveLength(100)
    await queue.forge?.(log, entries[0] as CtCertificate, 250)
    await queue.forge?.(log, entries[0] as CtCertificate, 270, Buffer.from('no leaf'))
    grow(log, 200)
    await write(queue.url, log).done
    const again = open()
    expect(await read(again, 10_000)).toEqual(range(100, 300))
    expect(again.status().parked).toBe(2)
    await again.close()
    expect(await queue.missed('g')).toEqual([])
  })

  it('says that messages hold no whole entry', async () => {
    const queue = kafkaQueue()
    onTestFinished(() => queue.remove())
    const log = await logOf(10)
    const sink = await openSink(queue.url)
    await pump({ sink, stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }) })
    const source = queue.source({ group: 'g', end: 'head', leaseMs: 6000 })
    await expect(read(source, 1)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringContaining('body=leaf'),
    })
    await source.close()
  })

  it('waits for a broker that is not there yet, and goes on when it comes back after a minute', async () => {
    const server = await ownServer('kafka')
    onTestFinished(() => server.remove())
    const queue = kafkaQueue(`kafka://127.0.0.1:${server.port}`)
    const open: AbsentQueue['open'] = (logger) =>
      queue.source({ group: 'g', leaseMs: 6000, commitIntervalMs: 50, logger })
    const found = await expectPatience({ server, url: queue.url, sources: 1, open, awayMs: AWAY_MS })
    expect(found).toEqual(range(0, 500))
  }, 240_000)

  it('gives each entry once, and stores how far it is, although answers to that are cut', async () => {
    const { server, proxy } = await brokerBehindProxy()
    await server.start()
    const queue = kafkaQueue(`kafka://127.0.0.1:${proxy.port}`)
    const log = await logOf(1500)
    await write(queue.url, log).done
    let ends = 0
    proxy.cutsAnswerTo = (sent) => sent.length > 6 && sent.readInt16BE(4) === END_TXN && ++ends % 2 === 0
    const source = queue.source({ group: 'g', end: 'head', leaseMs: 6000, pageEntries: 100 })
    const found: number[] = []
    for await (const page of source.batches()) {
      for (const certificate of page) {
        found.push(certificate.index)
        source.acknowledge(certificate)
      }
      await source.commit()
    }
    await source.close()
    proxy.cutsAnswerTo = () => false
    expect(proxy.cuts).toBeGreaterThan(2)
    expect(found).toEqual(range(0, 1500))
    const again = queue.source({ group: 'g', end: 'head', leaseMs: 6000 })
    expect(await read(again, 1)).toEqual([])
    await again.close()
  }, 180_000)

  it('refuses a broker that is too old, by what it says it understands', async () => {
    const { server, proxy } = await brokerBehindProxy()
    await server.start()
    let changed = 0
    proxy.rewrite = (answer) => {
      if (olderApi(answer, INIT_PRODUCER_ID)) changed++
      return answer
    }
    const sink = await openSink(`kafka://127.0.0.1:${proxy.port}/old`)
    await expect(sink.open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringContaining('too old'),
    })
    expect(changed).toBeGreaterThan(0)
  }, 120_000)

  it.skipIf(process.getuid?.() !== 0)(
    'loses nothing when the disk of the broker is full (root)',
    async () => {
      const server = await ownServer('kafka')
      onTestFinished(() => server.remove())
      const disk = smallDisk(server.folder, 200)
      await server.start()
      const queue = kafkaQueue(`kafka://127.0.0.1:${server.port}`)
      const log = await logOf(200)
      await write(queue.url, log).done
      disk.fill()
      grow(log, 3000)
      const { done } = write(queue.url, log)
      // A broker whose only disk fails ends.
      const pid = Number(readFileSync(join(server.folder, 'pid'), 'utf8'))
      while (isAlive(pid)) await wait(50)
      disk.empty()
      await server.kill().catch(() => {})
      await server.start()
      await done
      const source = queue.source({ group: 'g', end: 'head', leaseMs: 6000 })
      expect(await read(source, 10_000)).toEqual(range(0, 3200))
      await source.close()
      expect((await queue.place.content()).get(log.logId)).toHaveLength(3200)
    },
    240_000,
  )
})

/** As `kafka-topics --alter --partitions` does. */
async function addPartitions({ topic, client }: ReturnType<typeof kafkaQueue>['place'], count: number): Promise<void> {
  const admin = new Admin(client)
  await admin.createPartitions({ topics: [{ name: topic, count }] })
  await admin.close()
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

/**
 * Makes an answer to ApiVersions (v3: `error_code INT16, [api_key INT16, min INT16, max INT16, tags]`) one of a broker that knows only the
 * first version of a request.
 *
 * @returns Whether it is such an answer.
 */
function olderApi(answer: Buffer, apiKey: number): boolean {
  if (answer.length < 300 || answer.readInt32BE(0) + 4 > answer.length || answer.readInt16BE(8) !== 0) return false
  const count = (answer[10] ?? 0) - 1
  if (count < 30 || answer.readInt16BE(11) !== 0) return false
  for (let i = 0, at = 11; i < count; i++, at += 7)
    if (answer.readInt16BE(at) === apiKey) {
      answer.writeInt16BE(0, at + 2)
      answer.writeInt16BE(0, at + 4)
      return true
    }
  return false
}
