import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { jetstreamManager } from '@nats-io/jetstream'
import { connect, headers as natsHeaders } from '@nats-io/transport-node'
import { describe, expect, it, onTestFinished } from 'vitest'
import { natsAddress } from '../../src/nats/address.js'
import { GroupLink } from '../../src/nats/group-link.js'
import { NatsClaims } from '../../src/processors/nats/claims.js'
import { natsQueueSource } from '../../src/processors/nats/index.js'
import { sourceSettings } from '../../src/processors/source-settings.js'
import { openSink, pump } from '../../src/sinks/index.js'
import type { CheckpointStore } from '../../src/types/checkpoint.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { type AbsentQueue, expectPatience } from './absence.js'
import { natsServer, noNats } from './nats-place.js'
import { natsQueue } from './nats-queue.js'
import { ownServer, startedServer } from './own-server.js'
import { range, read, reading, write } from './queue-use.js'
import { ASIDE, expectReadOn, expectSetAside } from './set-aside.js'

const LEASE_MS = 1000

describe.skipIf(noNats)('a queue in NATS, when something is wrong', () => {
  it('reads on where somebody has deleted the stream of a shard', async () => {
    const queue = await natsQueue()
    onTestFinished(() => queue.remove())
    const log = await logOf(60)
    const readAll = async () => {
      const source = queue.source({ group: 'g', end: 'head', leaseMs: 600 })
      const found = await read(source, 1000)
      await source.close()
      return found
    }
    await write(queue.url, log).done
    expect(await readAll()).toEqual(range(0, 60))
    await queue.place.manager.streams.delete(`${queue.place.prefix}_alone`)
    expect(await readAll()).toEqual([])
  })

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
    const open = () => queue.source({ group: 'g', end: 'head', leaseMs: LEASE_MS })
    await expectSetAside(queue, log, open, ASIDE)
    await expectReadOn(queue.url, log, open)
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

  it('takes a log again whose record names it, when an answer was lost as it took or released the log', async () => {
    const queue = await natsQueue()
    onTestFinished(() => queue.remove())
    await write(queue.url, await logOf(10)).done
    const claims = new NatsClaims(
      new GroupLink(natsAddress(queue.url), 'g', () => {}),
      sourceSettings({ group: 'g', leaseMs: LEASE_MS }),
    )
    onTestFinished(() => claims.close())
    await claims.renew([])
    const [first] = await claims.claim(1)
    expect(first).toMatchObject({ term: 1 })
    // What it has is not taken a second time.
    expect(await claims.claim(1)).toEqual([])
    await claims.renew(first === undefined ? [] : [first])
    expect(await claims.claim(1)).toEqual([])
    // It does not know that it has the log.
    await claims.renew([])
    const again = await claims.claim(1)
    expect(again).toMatchObject([{ log: first?.log, term: 2 }])
    expect((await claims.renew([...again, ...(first === undefined ? [] : [first])])).kept).toEqual(new Set(again))
  })

  it('gives back a log whose record names it although it has it no more, as in a server that was rolled back', async () => {
    const queue = await natsQueue()
    onTestFinished(() => queue.remove())
    await write(queue.url, await logOf(10)).done
    const [one, other] = [0, 1].map(() => {
      const link = new GroupLink(natsAddress(queue.url), 'g', () => {})
      const claims = new NatsClaims(link, sourceSettings({ group: 'g', leaseMs: 60_000 }))
      onTestFinished(() => claims.close())
      return claims
    }) as [NatsClaims, NatsClaims]
    await one.renew([])
    expect(await one.claim(1)).toMatchObject([{ term: 1 }])
    await other.renew([])
    expect(await other.claim(1)).toEqual([])
    await one.renew([])
    await other.renew([])
    expect(await other.claim(1)).toMatchObject([{ term: 2 }])
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

  describe('where a filter leaves out what follows, and retention takes all that the group has read', () => {
    /** A queue with ten entries of a log that has many more. @param more - Indexes that pass the filter, too. */
    async function filtered(more: readonly number[] = []) {
      const queue = await natsQueue()
      onTestFinished(() => queue.remove())
      const log = await logOf(600)
      const filter = { match: ({ index }: { readonly index: number }) => index < 10 || more.includes(index) }
      const write = async () => {
        const sink = await openSink(`${queue.url}&body=leaf`)
        const stream = (checkpoint: CheckpointStore | undefined) =>
          backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual', filter })
        await pump({ sink, stream })
      }
      await write()
      const grown = async () => {
        grow(log, 200)
        await write()
      }
      /** Retention takes what is older than the last opening of the sink. */
      const expire = async () => {
        const { manager, prefix } = queue.place
        const last_by_subj = `${prefix}.alone.state.${Buffer.from('owner:').toString('base64url')}`
        const owner = await manager.streams.getMessage(`${prefix}_alone`, { last_by_subj })
        await manager.streams.purge(`${prefix}_alone`, { seq: owner?.seq ?? 0 })
      }
      const open = (end?: 'head') => queue.source({ group: 'g', leaseMs: LEASE_MS, ...(end !== undefined && { end }) })
      return { queue, log, grown, expire, open }
    }

    it('misses nothing when it is opened again', async () => {
      const { queue, grown, expire, open } = await filtered()
      const first = open('head')
      expect(await read(first, 1000)).toEqual(range(0, 10))
      await first.close()
      await grown()
      await expire()
      const again = open('head')
      expect(await read(again, 1000)).toEqual([])
      await again.close()
      expect(await queue.missed('g')).toEqual([])
    })

    it('misses nothing while it runs', async () => {
      const { queue, grown, expire, open } = await filtered()
      const source = open()
      onTestFinished(() => source.close())
      const { found } = reading(source)
      await expect.poll(() => found.length).toBe(10)
      await grown()
      await expire()
      // As often as it looks at its end, and a little.
      await wait(12_000)
      expect(await queue.missed('g')).toEqual([])
    }, 60_000)

    it('misses nothing when the next entry comes', async () => {
      const { queue, grown, expire, open } = await filtered([850])
      const first = open('head')
      expect(await read(first, 1000)).toEqual(range(0, 10))
      await first.close()
      await grown()
      await expire()
      await grown()
      const again = open('head')
      expect(await read(again, 1000)).toEqual([850])
      await again.close()
      expect(await queue.missed('g')).toEqual([])
    })

    it('misses what it has not read, up to the last entry that was written', async () => {
      const { queue, log, grown, expire, open } = await filtered([700])
      const first = open('head')
      expect(await read(first, 1000)).toEqual(range(0, 10))
      await first.close()
      await grown()
      await grown()
      await expire()
      const again = open('head')
      expect(await read(again, 1000)).toEqual([])
      await again.close()
      expect(await queue.missed('g')).toEqual([{ logId: log.logId, start: 10, end: 701 }])
    })
  })

  it('reads on when a server has forgotten what it was asked for, as one of several does that was killed', async () => {
    const queue = await natsQueue()
    onTestFinished(() => queue.remove())
    const log = await logOf(100)
    await write(queue.url, log).done
    const source = queue.source({ group: 'g', leaseMs: LEASE_MS })
    onTestFinished(() => source.close())
    const { found } = reading(source)
    while (found.length < 100) await wait(20)
    const client = await connect({ servers: natsServer })
    onTestFinished(() => client.close())
    const { consumers } = await jetstreamManager(client)
    const stream = `${queue.place.prefix}_alone`
    let forgotten = 0
    for await (const { name } of consumers.list(stream)) if (await consumers.delete(stream, name)) forgotten++
    expect(forgotten).toBe(1)
    grow(log, 50)
    await write(queue.url, log).done
    while (found.length < 150) await wait(20)
    expect(found).toEqual(range(0, 150))
  }, 60_000)

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
    const open: AbsentQueue['open'] = (logger) =>
      natsQueueSource(url, { group: 'g', leaseMs: LEASE_MS, commitIntervalMs: 50, logger })
    await expectPatience({ server, url, sources: 2, open, awayMs: 5 * LEASE_MS })
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
