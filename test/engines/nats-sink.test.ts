import { readdirSync, statSync, truncateSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { rowRecord } from '../../src/checkpoint/keyed-records.js'
import { readLog } from '../../src/checkpoint/log-record.js'
import { TestClock } from '../../src/module-testing/test-clock.js'
import { natsAddress } from '../../src/nats/address.js'
import { NatsShard, type NewEntry } from '../../src/nats/shard.js'
import { subjectToken } from '../../src/nats/subject-token.js'
import { pump } from '../../src/sinks/index.js'
import { natsSink } from '../../src/sinks/nats.js'
import { sampleCheckpoint, sampleGap } from '../../src/testing/store-samples.js'
import type { LogInfo } from '../../src/types/log.js'
import { systemClock } from '../../src/util/clock.js'
import { epochContract } from '../support/epoch-contract.js'
import { take } from '../support/follow.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { sinkContract } from '../support/sink-contract.js'
import { upTo, wholeIndexes } from '../support/whole-messages.js'
import { natsPlace, natsServer, noNats } from './nats-place.js'
import { startedServer } from './own-server.js'

const HOUR_NS = 3_600_000_000_000

describe.skipIf(noNats)('NATS', () => {
  sinkContract('NATS, alone', async () => {
    const place = await natsPlace()
    return { sink: () => natsSink(place.url), content: () => place.content(), remove: () => place.remove() }
  })

  sinkContract('NATS, with leases', async () => {
    const place = await natsPlace()
    let epoch = 0
    return {
      sink: () => natsSink(place.url),
      content: () => place.content(),
      lease: async () => ({ unit: 'one', epoch: ++epoch, until: Number.POSITIVE_INFINITY }),
      remove: () => place.remove(),
    }
  })

  epochContract(async () => {
    const place = await natsPlace()
    return { sink: () => natsSink(place.url), content: () => place.content(), remove: () => place.remove() }
  })

  const fill = (url: string, log: Awaited<ReturnType<typeof logOf>>, options = {}) =>
    pump({
      sink: natsSink(url, options),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
    })

  it('has whole entries: each body hashes to its ct-leaf', async () => {
    const place = await natsPlace()
    const log = await logOf(300, { kind: 'static-ct' })
    await fill(place.url, log, { body: 'leaf' })
    expect(wholeIndexes(await place.messages())).toEqual(new Map([[log.logId, upTo(300)]]))
    await place.remove()
  })

  it('appends only the positions that have changed', async () => {
    const place = await natsPlace()
    const sink = natsSink(place.url)
    await sink.open(undefined)
    const states = async () => {
      const filter = `${place.prefix}.alone.state.>`
      const { state } = await place.manager.streams.info(`${place.prefix}_alone`, { subjects_filter: filter })
      return Object.values(state.subjects ?? {}).reduce((sum, count) => sum + count, 0)
    }
    const logs = (first: number) => [sampleCheckpoint(1, first), sampleCheckpoint(2, 5), sampleCheckpoint(3, 5)]
    await sink.store?.commit(logs(10))
    const before = await states()
    await sink.store?.commit(logs(11))
    expect(await states()).toBe(before + 1)
    // One all the same: otherwise the server could not say that another process has taken over.
    await sink.store?.commit(logs(11))
    expect(await states()).toBe(before + 2)
    await sink.close()
    await place.remove()
  })

  it('appends the position of a log without an entry in a commit later: after a minute, without entries, or at the end', async () => {
    const place = await natsPlace()
    const clock = new TestClock()
    const [log, other] = [await logOf(50), await logOf(40)]
    const sink = natsSink(place.url, { clock })
    const page = await take(backfill(log))
    const rows = (here: number, there: number) => [
      { ...sampleCheckpoint(1, here), checksum: undefined, log: page[0]?.log as LogInfo },
      { ...sampleCheckpoint(2, there), checksum: undefined, log: { ...sampleCheckpoint(2, 0).log, id: other.logId } },
    ]
    await sink.open(undefined)
    const subject = `${place.prefix}.alone.state.${subjectToken(`log:${other.logId}`)}`
    const stored = async () => {
      const record = await place.manager.streams.getMessage(`${place.prefix}_alone`, { last_by_subj: subject })
      return record === null ? undefined : readLog(record.string()).position
    }
    const entriesTo = async (n: number) => {
      await sink.write(page.filter(({ index }) => index >= n - 10 && index < n))
      await sink.store?.commit(rows(n, n))
    }
    // The first one of a log says where it was begun.
    await entriesTo(10)
    expect(await stored()).toBe(10)
    await entriesTo(20)
    expect(await stored()).toBe(10)
    await sink.store?.commit(rows(20, 21))
    expect(await stored()).toBe(21)
    await entriesTo(30)
    expect(await stored()).toBe(21)
    await clock.pass(60_000)
    await entriesTo(40)
    expect(await stored()).toBe(40)
    await entriesTo(50)
    await sink.close()
    expect(await stored()).toBe(50)
    await place.remove()
  })

  it('loses the end of its file in a crash, and has it again, each entry once', async () => {
    const server = await startedServer('nats')
    const log = await logOf(300)
    const url = server.url
    await fill(url, log)
    await server.kill()
    const [block = ''] = readdirSync(server.folder, { recursive: true, encoding: 'utf8' }).filter((file) =>
      /ct_alone\/msgs\/\d+\.blk$/.test(file),
    )
    const file = join(server.folder, block)
    // The last position, and most of the entries.
    truncateSync(file, Math.floor(statSync(file).size / 3))
    await server.start()
    grow(log, 100)
    const place = await natsPlace(url, 'ct')
    expect((await place.content()).get(log.logId)?.length).toBeLessThan(200)
    await fill(url, log)
    expect((await place.content()).get(log.logId)).toEqual(upTo(400))
    await place.remove()
    await server.stop()
  })

  it('ends when another process took over, and says so', async () => {
    const place = await natsPlace()
    const first = natsSink(place.url)
    await first.open(undefined)
    const second = natsSink(place.url)
    await second.open(undefined)
    await expect(first.store?.addGap(sampleGap(1, 3, 7))).rejects.toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT' })
    await second.store?.addGap(sampleGap(1, 3, 7))
    await first.close()
    await second.close()
    await place.remove()
  })

  it.each<[Readonly<Record<string, unknown>>, RegExp, string?]>([
    [{ retention: 'workqueue' }, /retention "workqueue": it must be "limits"/],
    [{ storage: 'memory' }, /storage "memory": it must be "file"/],
    [{ max_age: HOUR_NS }, /max_age .* 24 hours at least/],
    [{ max_msgs: 1000 }, /max_msgs 1000: it must be -1 or 100000/],
    [{ max_bytes: 1000 }, /max_bytes 1000/],
    [{ max_msgs_per_subject: 1 }, /max_msgs_per_subject 1: it must be -1/],
    [{ max_msg_size: 1000 }, /max_msg_size 1000/],
    [{}, /subjects .*use another prefix/, 'of-another-shard'],
  ])('refuses a stream that would lose what it acknowledged: %j', async (setting, message, subject) => {
    const place = await natsPlace()
    const { prefix, manager, url } = place
    const subjects = [subject === undefined ? `${prefix}.alone.>` : `${prefix}-${subject}.>`]
    await manager.streams.add({ name: `${prefix}_alone`, ...setting, subjects } as never)
    await expect(natsSink(url).open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringMatching(message),
    })
    await place.remove()
  })

  describe('keeps what a quiet log has in the smallest stream that it takes, however large the entries of others are', () => {
    const logId = (letter: string) => Buffer.alloc(32, letter).toString('base64')
    const row = (letter: string, position: number) => {
      const log = {
        id: logId(letter),
        url: 'https://log.example/',
        description: letter,
        operator: letter,
        kind: 'rfc6962',
      }
      return rowRecord({ log, position, pendingHeads: [], learned: {} } as never)
    }
    const entries = (start: number, end: number): NewEntry[] =>
      upTo(end)
        .slice(start)
        .map((index) => ({
          ...{ logId: logId('b'), index, body: Buffer.alloc(890_000) },
          headers: { 'ct-log': logId('b'), 'ct-index': String(index) },
        }))

    it.each([
      ['in commits of 9 MB', 10, false],
      ['in one commit', 320, false],
      ['in commits of 36 MB, opened again before each', 40, true],
    ])('%s', async (_, count, isReopened) => {
      const place = await natsPlace()
      const { prefix, manager, url } = place
      await manager.streams.add({
        ...{ name: `${prefix}_alone`, subjects: [`${prefix}.alone.>`], storage: 'file', max_bytes: 2 ** 28 },
      } as never)
      const shard = new NatsShard(natsAddress(url), undefined, 'one', systemClock)
      await shard.open()
      await shard.write(
        () => [row('q', 1000)],
        () => [],
      )
      for (let at = 0; at < 320; at += count) {
        if (isReopened) await shard.open()
        await shard.write(
          () => [row('b', at + count)],
          () => entries(at, at + count),
        )
      }
      await shard.close()
      // The stream has thrown out what it had at first.
      expect((await manager.streams.info(`${prefix}_alone`)).state.first_seq).toBeGreaterThan(10)
      const next = new NatsShard(natsAddress(url), undefined, 'two', systemClock)
      await next.open()
      expect(next.epoch).toBe(2)
      expect(next.state.positions).toEqual(
        new Map([
          [logId('q'), 1000],
          [logId('b'), 320],
        ]),
      )
      await next.close()
      await place.remove()
    })
  })

  it('refuses a stream whose positions are gone, rather than to begin somewhere else', async () => {
    const place = await natsPlace()
    const log = await logOf(20)
    await fill(place.url, log)
    const [stream = ''] = await place.ours()
    await place.manager.streams.purge(stream)
    await expect(fill(place.url, log)).rejects.toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE' })
    await place.remove()
  })

  it('says that no server is there, without the password', async () => {
    await expect(natsSink('nats://user:secret@127.0.0.1:1').open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: true,
      message: expect.not.stringContaining('secret'),
    })
    expect(natsServer).toMatch(/^nats:/)
  })
})
