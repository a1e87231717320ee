import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, headers as natsHeaders } from '@nats-io/transport-node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { natsQueueSource } from '../../src/processors/nats/index.js'
import { openSink, pump } from '../../src/sinks/index.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { natsServer, noNats } from './nats-place.js'
import { natsQueue } from './nats-queue.js'
import { ownServer, startedServer } from './own-server.js'
import { range, read, reading, write } from './queue-use.js'

const LEASE_MS = 1000

describe.skipIf(noNats)('a queue in NATS, when something is wrong', () => {
  it('sets aside foreign messages, damaged ones and those of another version, and reads the others', async () => {
    const queue = await natsQueue()
    onTestFinished(() => queue.remove())
    const log = await logOf(60)
    await write(queue.url, log).done
    const [ours] = await queue.place.messages()
    const valid = Object.fromEntries(ours?.headers ?? [])
    const client = await connect({ servers: natsServer })
    const jetstream = (await jetstreamManager(client)).jetstream()
    const subject = `${queue.place.prefix}.alone.entries.${Buffer.from(log.logId).toString('base64url')}`
    const put = (headers: Record<string, string>, value: Uint8Array = ours?.body ?? Buffer.alloc(0)) => {
      const named = natsHeaders()
      for (const [name, text] of Object.entries(headers)) if (name.startsWith('ct-')) named.append(name, text)
      return jetstream.publish(subject, value, { headers: named })
    }
    await put({}, Buffer.from('{"amount":3}'))
    await put({ ...valid, 'ct-index': '60', 'ct-v': '2' })
    await put({ ...valid, 'ct-index': '61' }, Buffer.from('no leaf'))
    // Far beyond the end of the log: the entries up to there are still to come.
    await put({ ...valid, 'ct-index': '9000000' }, Buffer.from('no leaf'))
    await put({ ...valid, 'ct-index': '62', 'ct-log': Buffer.alloc(32, 7).toString('base64') })
    await client.close()
    const source = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    expect(await read(source, 1000)).toEqual(range(0, 60))
    expect(source.status().parked).toBe(5)
    await source.close()
    await using parked = await queue.parked()
    const reasons = (await parked.list({ group: 'g' })).map(({ index, message }) => [index, message])
    expect(reasons.sort((a, b) => Number(a[0] ?? 0) - Number(b[0] ?? 0))).toEqual([
      [undefined, expect.stringContaining('not a message of ct-stream')],
      [60, expect.stringContaining('ct-v is 2')],
      [61, expect.stringContaining('not one TileLeaf')],
      [62, expect.stringContaining('no collector of this prefix has described its log')],
      [9_000_000, expect.stringContaining('not one TileLeaf')],
    ])
    // They fail again, and are there once.
    expect(await parked.replay('g')).toBe(5)
    const again = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    expect(await read(again, 1000)).toEqual([])
    await again.close()
    expect((await parked.list({ group: 'g' })).map(({ failures, isReplayed }) => [failures, isReplayed])).toEqual(
      range(0, 5).map(() => [2, false]),
    )
    expect(await parked.drop('g')).toBe(5)
    expect(await parked.list()).toEqual([])
    grow(log, 20)
    await write(queue.url, log).done
    const later = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    expect(await read(later, 1000)).toEqual(range(60, 80))
    await later.close()
  })

  it('says that messages hold no whole entry', async () => {
    const queue = await natsQueue()
    onTestFinished(() => queue.remove())
    const log = await logOf(10)
    const sink = await openSink(queue.url)
    await pump({ sink, stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }) })
    const source = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    await expect(read(source, 1)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringContaining('body=leaf'),
    })
    await source.close()
  })

  it('records what retention takes while it reads', async () => {
    const queue = await natsQueue()
    onTestFinished(() => queue.remove())
    const log = await logOf(600)
    await write(queue.url, log).done
    const source = queue.source({ group: 'g', end: 'head', pageEntries: 50, leaseMs: LEASE_MS })
    const found: number[] = []
    for await (const certificate of source) {
      found.push(certificate.index)
      source.acknowledge(certificate)
      if (certificate.index === 20) await queue.retain?.(log.logId, 400)
    }
    await source.close()
    const [gap, ...others] = await queue.missed('g')
    expect(others).toEqual([])
    expect(gap).toMatchObject({ logId: log.logId, end: 400 })
    // What was on its way came.
    expect(gap?.start).toBeLessThan(300)
    expect(found).toEqual([...range(0, gap?.start ?? 0), ...range(400, 600)])
  })

  it('reads the streams of all units of a cluster, and those that come', async () => {
    const queue = await natsQueue()
    onTestFinished(() => queue.remove())
    const logs = [await logOf(30), await logOf(40), await logOf(50)]
    const fill = async (log: (typeof logs)[number], unit: string) => {
      const lease = { unit, epoch: 7, until: Number.POSITIVE_INFINITY }
      await pump({
        sink: queue.sink(),
        lease,
        stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
      })
    }
    await fill(logs[0] as never, 'one')
    await fill(logs[1] as never, 'two')
    const source = queue.source({ group: 'g', leaseMs: LEASE_MS })
    onTestFinished(() => source.close())
    const { found } = reading(source)
    await expect.poll(() => found.length).toBe(70)
    await fill(logs[2] as never, 'three')
    await expect.poll(() => found.length).toBe(120)
    expect(new Set(source.status().logs.map(({ log }) => log.id))).toEqual(new Set(logs.map(({ logId }) => logId)))
  })

  it('refuses a stream of the group that would lose records', async () => {
    const queue = await natsQueue()
    onTestFinished(() => queue.remove())
    const log = await logOf(10)
    await write(queue.url, log).done
    const source = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    await read(source, 1)
    await source.close()
    const name = (await queue.place.ours()).find((each) => each.includes('_group_')) ?? ''
    const { config } = await queue.place.manager.streams.info(name)
    await queue.place.manager.streams.update(name, { ...config, max_msgs: 3 })
    const next = queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    await expect(read(next, 1)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringMatching(/max_msgs 3: it must be -1/),
    })
    await next.close()
  })

  it('waits for a server that is not there yet, and goes on when it is killed and comes back', async () => {
    const server = await ownServer('nats')
    onTestFinished(() => server.remove())
    const url = `nats://127.0.0.1:${server.port}?prefix=ct`
    const log = await logOf(300)
    const said: string[] = []
    const logger = { info: (text: string) => said.push(text), warn: (text: string) => said.push(text) }
    const sources = [0, 1].map(() =>
      natsQueueSource(url, { group: 'g', leaseMs: LEASE_MS, commitIntervalMs: 50, logger }),
    )
    const readers = sources.map(reading)
    onTestFinished(() => Promise.all(sources.map((source) => source.close())).then(() => {}))
    const found = () => readers.flatMap((reader) => reader.found)
    await wait(1000)
    await server.start()
    await write(url, log).done
    await expect.poll(() => found().length, { timeout: 30_000 }).toBe(300)
    for (const source of sources) await source.commit()
    await server.kill()
    grow(log, 200)
    const second = write(url, log)
    await wait(5 * LEASE_MS)
    expect(said.join()).toMatch(/the queue cannot be reached/)
    await server.start()
    await second.done
    await expect.poll(() => new Set(found()).size, { timeout: 30_000 }).toBe(500)
    // What was acknowledged is not given again.
    expect(found().filter((index) => index < 300)).toHaveLength(300)
    expect([...new Set(found())].sort((a, b) => a - b)).toEqual(range(0, 500))
  }, 120_000)

  it('reads on where it was when the server has lost the end of its file, and has it again', async () => {
    const server = await startedServer('nats')
    const url = `${server.url}?prefix=ct`
    const [log, other] = [await logOf(200), await logOf(100)]
    await write(url, log).done
    await write(url, other).done
    grow(log, 100)
    await write(url, log).done
    const first = natsQueueSource(url, { group: 'g', end: 'head', leaseMs: LEASE_MS })
    expect(await read(first, 10_000)).toHaveLength(400)
    await first.close()
    await server.kill()
    const [block = ''] = readdirSync(server.folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /ct_alone\/msgs\/\d+\.blk$/.test(file),
    )
    const file = join(server.folder, block)
    truncateSync(file, Math.floor(statSync(file).size / 4))
    await server.start()
    // In another order than before: what is new of the first log has numbers below the last one that the group has seen.
    grow(log, 100)
    grow(other, 60)
    await write(url, log).done
    await write(url, other).done
    const again = natsQueueSource(url, { group: 'g', end: 'head', leaseMs: LEASE_MS })
    const found: [string, number][] = []
    for await (const certificate of again) {
      found.push([certificate.log.id, certificate.index])
      again.acknowledge(certificate)
    }
    await again.close()
    expect(found.filter(([id]) => id === log.logId).map(([, index]) => index)).toEqual(range(300, 400))
    expect(found.filter(([id]) => id === other.logId).map(([, index]) => index)).toEqual(range(100, 160))
  }, 60_000)
})
