import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { kafkaCoordinator } from '../../src/cluster/index.js'
import { kafkaQueueSource } from '../../src/processors/kafka/index.js'
import { pump } from '../../src/sinks/index.js'
import { kafkaSink } from '../../src/sinks/kafka.js'
import type { TestLog } from '../../src/testing/index.js'
import { ApiClient } from '../support/api-client.js'
import { BuiltCommand } from '../support/built-command.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { infoOf } from './collectors.js'
import { kafkaPlace, noKafka } from './kafka-place.js'

/** Writes each entry it is given to a file, a line for each. */
const MODULE = (file: string) => `
import { appendFileSync } from 'node:fs'
import { defineModule } from ${JSON.stringify(join(import.meta.dirname, '../../dist/modules.js'))}
export default defineModule({
  name: 'lines',
  onBatch: (page) => appendFileSync(${JSON.stringify(file)}, page.map(({ log, index }) => log.id + ' ' + index + '\\n').join('')),
})
`

const namedLogs = (logs: readonly TestLog[]) =>
  logs.flatMap(({ spec }) =>
    spec.kind === 'static-ct'
      ? ['--log', spec.monitoringUrl, '--key', spec.key, '--submission-url', spec.submissionUrl]
      : ['--log', spec.url, '--key', spec.key, '--submission-url', '-'],
  )

describe.skipIf(noKafka)('Kafka alone', () => {
  let place: ReturnType<typeof kafkaPlace>
  let folder: string
  beforeEach(() => {
    place = kafkaPlace()
    folder = mkdtempSync(join(tmpdir(), 'ct-stream-run-'))
  })
  afterEach(async () => {
    await place.remove()
    rmSync(folder, { recursive: true, force: true })
  })

  it('runs collectors and processors, each entry from the log to a module', async () => {
    const logs = [await logOf(256, { operator: 'one' }), await logOf(256, { operator: 'two', kind: 'static-ct' })]
    const [file, module] = [join(folder, 'lines'), join(folder, 'lines.mjs')]
    writeFileSync(module, MODULE(file))
    writeFileSync(file, '')
    const start = () =>
      new BuiltCommand(
        [
          ...['run', '--role', 'collector,processor', '--db', place.url, ...namedLogs(logs), '--start', 'beginning'],
          ...['--port', '0', '--lease', '6s', '--shard-by', 'log', '--module', module],
        ],
        import.meta.dirname,
      )
    const until = async (count: number) => {
      const began = performance.now()
      for (;;) {
        const lines = readFileSync(file, 'utf8').split('\n').slice(0, -1)
        if (new Set(lines).size === count) return lines
        if (performance.now() - began > 40_000) throw new Error(`${lines.length} entries of ${count}: ${first.stderr}`)
        await wait(50)
      }
    }
    const first = start()
    expect(await until(512)).toHaveLength(512)
    const second = start()
    await second.says('stdout', /^ct-stream runs (collector, processor) at/)
    for (const log of logs) grow(log, 256)
    await until(1024)
    await first.stop('SIGKILL')
    for (const log of logs) grow(log, 256)
    await until(1536)
    expect(await second.stop()).toBe(0)
  })

  it('answers from the topics what collectors have written and processors have parked, and writes nothing', async () => {
    const logs = [await logOf(256), await logOf(300)]
    const run = (...args: readonly string[]) =>
      new BuiltCommand(['run', '--db', place.url, '--lease', '6s', '--port', '0', ...args], import.meta.dirname)
    const urlOf = async (command: BuiltCommand) => command.says('stdout', / at (http\S+)/)
    const server = run('--role', 'api', '--read-token', 'reader-secret', ...namedLogs(logs))
    const api = await ApiClient.open(await urlOf(server), { Authorization: 'Bearer reader-secret' })
    // Nobody has written anything yet, and asking makes no topic.
    expect((await api.ask('/shards')).body).toEqual({ items: [], next: null })
    expect((await api.ask('/parked')).body).toEqual({ items: [], next: null })
    expect((await api.ask('/groups')).body).toEqual({ items: [], next: null })
    expect(await place.topics()).toEqual([])
    const collector = run(
      '--role',
      'collector',
      '--shard-by',
      'log',
      '--for-processors',
      '--member',
      'first',
      '--start',
      'beginning',
      ...namedLogs(logs),
    )
    const byId = [...logs].sort((a, b) => (a.logId < b.logId ? -1 : 1))
    type Shards = { items: { name: string; owner: string | null; epoch: number; logs: object[] }[] }
    const shards = async () =>
      (await api.ask<Shards>('/shards')).body.items.map((shard) => ({ ...shard, owner: shard.owner?.split(' ')[0] }))
    await vi.waitFor(
      async () =>
        expect(await shards()).toEqual(
          byId.map(({ logId, size }) => ({
            ...{ name: logId, owner: 'first', epoch: 1, until: null },
            logs: [expect.objectContaining({ id: logId, position: size, verifiedSize: size })],
          })),
        ),
      { timeout: 60_000, interval: 200 },
    )
    expect((await api.ask('/members')).body).toMatchObject({ items: [{ shards: 2 }] })
    const { body: coverage } = await api.ask<{ items: object[] }>('/coverage')
    expect(coverage.items).toEqual(
      byId.map(({ logId, size }) => ({
        log: expect.objectContaining({ id: logId }),
        ...{ range: { start: 0, end: size }, covered: [{ start: 0, end: size }], missing: [] },
      })),
    )
    const source = kafkaQueueSource(place.url, { group: 'g', leaseMs: 6000 })
    for await (const certificate of source) {
      await source.park(certificate, { by: 'test', message: 'not today' })
      break
    }
    await source.close()
    type Groups = {
      items: { name: string; lag: number; logs: { id: string; next: number; end: number; lag: number }[] }[]
    }
    const group = async () => (await api.ask<Groups>('/groups')).body.items
    // Parked and not acknowledged: of the other log, which it may have met, it has nothing either.
    for (const { name, lag, logs: behind } of await group()) {
      expect([name, lag]).toEqual(['g', behind.reduce((sum, each) => sum + each.end, 0)])
      for (const { id, next, end } of behind)
        expect([next, end]).toEqual([0, logs.find((log) => log.logId === id)?.size])
    }
    const rest = kafkaQueueSource(place.url, { group: 'g', leaseMs: 6000, end: 'head' })
    for await (const certificate of rest) if (certificate.index < 200) rest.acknowledge(certificate)
    await rest.close()
    expect(await group()).toMatchObject([
      {
        ...{ name: 'g', lag: 56 + 100 },
        logs: byId.map(({ logId, size }) => ({ id: logId, next: 200, end: size, lag: size - 200 })),
      },
    ])
    expect((await api.ask('/parked')).body).toMatchObject({ items: [{ group: 'g', by: 'test', index: 0 }], next: null })
    expect((await api.ask('/gaps')).body).toEqual({ items: [], next: null })
    const search = await api.ask<{ detail: string }>('/certificates', { query: '?name=example.com' })
    expect(search).toMatchObject({ status: 501, body: { detail: expect.stringContaining('only Postgres') } })
    expect((await api.ask('/backfills')).body).toEqual({ items: [], next: null })
    // A log that nobody follows.
    const other = await logOf(5000)
    const backfill = new BuiltCommand(
      ['backfill', '--db', place.url, '--lease', '6s', '--range', '4096', '--from', '40', ...namedLogs([other])],
      import.meta.dirname,
    )
    expect(await backfill.closed, backfill.stderr).toBe(0)
    expect((await api.ask('/backfills')).body).toMatchObject({
      items: [
        { id: '1', state: 'done', start: 40, end: 5000, ranges: 2, rangesDone: 2, entries: 4960, treeSize: 5000 },
      ],
    })
    const { body: more } = await api.ask<{ items: { log: { id: string } }[] }>('/coverage')
    expect(more.items.find(({ log }) => log.id === other.logId)).toMatchObject({
      range: { start: 40, end: 5000 },
      missing: [],
    })
    expect([await collector.stop(), await server.stop()]).toEqual([0, 0])
  })

  it('does not let a process write alone where a cluster writes, nor the other way round', async () => {
    const log = await logOf(50)
    const alone = (url: string) =>
      pump({
        sink: kafkaSink(url),
        stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
      })
    const claim = async (url: string, member: string) => {
      const coordinator = kafkaCoordinator(url, { leaseMs: 6000 })
      await coordinator.join(member)
      await coordinator.assign(infoOf(log), 'one')
      try {
        for (;;) {
          await coordinator.renew([])
          const [lease] = await coordinator.claim(1)
          if (lease !== undefined) return lease
          await wait(50)
        }
      } finally {
        await coordinator.close()
      }
    }
    await alone(place.url)
    await expect(claim(place.url, 'member')).rejects.toMatchObject({ code: 'CT_CHECKPOINT_CONFLICT' })
    // It goes on alone.
    await alone(place.url)
    const other = kafkaPlace()
    await claim(other.url, 'member')
    await expect(alone(other.url)).rejects.toMatchObject({
      code: 'CT_CHECKPOINT_CONFLICT',
      message: expect.stringContaining('another prefix'),
    })
    expect((await claim(other.url, 'member 2')).epoch).toBe(2)
    await other.remove()
  })
})
