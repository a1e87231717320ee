import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kafkaCoordinator } from '../../src/cluster/index.js'
import { decodeMessage, openSink, pump } from '../../src/sinks/index.js'
import type { TestLog } from '../../src/testing/index.js'
import { backfill, grow, logOf } from '../support/logs.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { noPostgres } from './database.js'
import { kafkaPlace, noKafka } from './kafka-place.js'
import { type KillPlace, kafkaKillPlace, postgresKillPlace } from './kill-places.js'
import { ownServer, threeBrokers } from './own-server.js'
import { smallDisk } from './small-disk.js'

/** In Kafka's protocol: the end of a transaction. */
const END_TXN = 26
const isCommit = {
  postgres: (sent: Buffer) => sent.includes('COMMIT'),
  kafka: (sent: Buffer) => sent.length > 6 && sent.readInt16BE(4) === END_TXN,
}

/** Pumps all of the logs into a place, over another way to its server where that is given. */
function run(place: Pick<KillPlace, 'sink'>, logs: readonly TestLog[], through?: { from: number; to: number }) {
  const said: string[] = []
  const port = (url: string) =>
    through === undefined ? url : url.replace(`127.0.0.1:${through.from}`, `127.0.0.1:${through.to}`)
  const done = (async () => {
    for (const log of logs)
      await pump({
        sink: await openSink(port(place.sink)),
        stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
        // The shortest waits.
        random: () => 0,
        logger: { info: (text) => said.push(text), warn: (text) => said.push(text) },
      })
  })()
  // Looked at by the test when it is time.
  done.catch(() => {})
  return { done, said }
}

const inMiddle = async (place: KillPlace, log: TestLog, position: number) => {
  while (((await place.positions().catch(() => new Map())).get(log.logId) ?? 0) < position) await wait(5)
}
const saying = async (said: readonly string[], what: RegExp) => {
  while (!said.some((text) => what.test(text))) await wait(20)
}

describe.skipIf(noPostgres)('faults of Postgres', () => {
  it('has once what was committed although the answer was cut', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    await server.start()
    const proxy = await TcpProxy.open(server.port)
    onTestFinished(() => proxy.close())
    const place = await postgresKillPlace(`postgres://postgres@127.0.0.1:${server.port}/postgres`)
    let commits = 0
    proxy.cutsAnswerTo = (sent) => isCommit.postgres(sent) && ++commits % 2 === 0
    const logs = [await logOf(8000)]
    await run(place, logs, { from: server.port, to: proxy.port }).done
    expect(proxy.cuts).toBeGreaterThan(1)
    await place.expectStoredOnce(logs)
  }, 120_000)

  it('goes on when the server is killed in the middle of a page and started again, and says that it waits', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    await server.start()
    const place = await postgresKillPlace(`postgres://postgres@127.0.0.1:${server.port}/postgres`)
    const log = await logOf(6000)
    const { done, said } = run(place, [log])
    for (const position of [512, 2500]) {
      await inMiddle(place, log, position)
      await server.kill()
      await saying(said, /opened again in .* s: .*(ECONN|terminated|closed|starting up)/i)
      await server.start()
    }
    await done
    expect(said).toContain('the sink takes entries again')
    await place.expectStoredOnce([log])
  }, 180_000)

  it('reads again what a server that was restored from a copy does not have', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    await server.start()
    const place = await postgresKillPlace(`postgres://postgres@127.0.0.1:${server.port}/postgres`)
    const log = await logOf(1000)
    await run(place, [log]).done
    const [data, copy] = [join(server.folder, 'data'), join(server.folder, 'copy')]
    await server.stop()
    execFileSync('cp', ['-a', data, copy])
    await server.start()
    grow(log, 6000)
    const { done, said } = run(place, [log])
    await inMiddle(place, log, 3000)
    await server.kill()
    execFileSync('rm', ['-r', data])
    execFileSync('mv', [copy, data])
    await server.start()
    expect((await place.positions()).get(log.logId)).toBe(1000)
    await done
    expect(said).toContain('the sink takes entries again')
    await place.expectEachOnce([log])
  }, 180_000)

  it('waits for a server that is not running yet, and reports that', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    const url = `postgres://postgres@127.0.0.1:${server.port}/postgres`
    const log = await logOf(300)
    const said: string[] = []
    const done = pump({
      sink: await openSink(`${url}?schema=late&entries=all&leaseMs=600`),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
      random: () => 0,
      logger: { info: (text) => said.push(text), warn: (text) => said.push(text) },
    })
    await saying(said, /the sink is opened again in .* ECONNREFUSED/)
    await server.start()
    await done
    expect(said.at(-1)).toBe('the sink takes entries again')
  }, 120_000)

  it('refuses a server that is too old, naming the version it needs', async () => {
    const server = await ownServer('postgres')
    onTestFinished(() => server.remove())
    await server.start()
    const proxy = await TcpProxy.open(server.port)
    onTestFinished(() => proxy.close())
    // As version 12 says it, in the same number of bytes.
    proxy.rewrite = (answer) => Buffer.from(answer.toString('latin1').replace(/\b1[3-9]00\d\d\b/, '120022'), 'latin1')
    const sink = await openSink(`postgres://postgres@127.0.0.1:${proxy.port}/postgres`)
    await expect(sink.open(undefined)).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      retryable: false,
      message: expect.stringMatching(/version 13 or later is needed/),
      actual: 120_022,
    })
  }, 120_000)

  it.skipIf(process.getuid?.() !== 0)(
    'waits while the disk is full, and goes on when there is room (root)',
    async () => {
      const server = await ownServer('postgres')
      onTestFinished(() => server.remove())
      const disk = smallDisk(server.folder, 400, ',mode=0700,uid=postgres')
      await server.start()
      const place = await postgresKillPlace(`postgres://postgres@127.0.0.1:${server.port}/postgres`)
      const log = await logOf(4000)
      const { done, said } = run(place, [log])
      await inMiddle(place, log, 1000)
      // What is left in the files that are there will do for a page or two.
      disk.fill()
      await saying(said, /opened again in .* (No space left on device|recovery mode|starting up|terminat|ECONN)/i)
      disk.empty()
      await server.kill().catch(() => {})
      await server.start()
      await done
      await place.expectEachOnce([log])
    },
    240_000,
  )
})

describe.skipIf(noKafka)('faults of Kafka', () => {
  it('neither loses nor repeats anything when answers are cut, and the broker is killed and comes back', async () => {
    // The proxy first: the broker tells its clients to come to it.
    const target = await ownServer('kafka')
    onTestFinished(() => target.remove())
    const proxy = await TcpProxy.open(target.port)
    onTestFinished(() => proxy.close())
    const server = await ownServer('kafka', { port: target.port, advertisedPort: proxy.port })
    onTestFinished(() => server.remove())
    const url = `kafka://127.0.0.1:${proxy.port}`
    await server.start()
    const place = await kafkaKillPlace(url)
    let ends = 0
    proxy.cutsAnswerTo = (sent) => isCommit.kafka(sent) && ++ends % 2 === 0
    const log = await logOf(10_000)
    const { done, said } = run(place, [log])
    await inMiddle(place, log, 2000)
    await server.kill()
    await wait(1000)
    await server.start()
    await done
    proxy.cutsAnswerTo = () => false
    expect(proxy.cuts).toBeGreaterThan(1)
    await place.expectEachOnce([log])
    expect(said.filter((text) => /CT_LEASE_LOST/.test(text))).toEqual([])
  }, 240_000)

  it('neither loses nor repeats anything when each of three brokers is killed in its turn', async () => {
    const brokers = await threeBrokers()
    onTestFinished(() => brokers.remove())
    const place = await kafkaKillPlace(brokers.url)
    const log = await logOf(12_000)
    const { done, said } = run(place, [log])
    for (const [n, position] of [2000, 5000, 8000].entries()) {
      await inMiddle(place, log, position)
      await brokers.kill(n + 1)
      await inMiddle(place, log, position + 1500)
      await brokers.restart(n + 1)
    }
    await done
    await place.expectEachOnce([log])
    expect(said.filter((text) => /CT_LEASE_LOST/.test(text))).toEqual([])
  }, 400_000)

  it('writes as the user of its URL, and says what is wrong with another one, without the password', async () => {
    const server = await ownServer('kafka', { user: 'writer:right' })
    onTestFinished(() => server.remove())
    await server.start()
    const url = (user: string, sasl: string) => `kafka://${user}@127.0.0.1:${server.port + 2}/t?sasl=${sasl}`
    await run({ sink: url('writer:right', 'plain') }, [await logOf(50)]).done
    for (const [wrong, why] of [
      [url('writer:s3cr3t', 'plain'), /does not accept the user or password/],
      [url('writer:s3cr3t', 'scram-sha-256'), /sasl/],
    ] as const) {
      const error = await (await openSink(wrong)).open(undefined).catch((reason) => reason)
      expect(error).toMatchObject({ code: 'CT_SINK_FAILED', retryable: false, message: expect.stringMatching(why) })
      expect(String(error)).not.toContain('s3cr3t')
    }
  }, 180_000)

  it('refuses topics with records of something else, and names them', async () => {
    const place = kafkaPlace()
    onTestFinished(() => place.remove())
    const log = await logOf(50)
    const { done } = run({ sink: place.url }, [log])
    await done
    const [positions] = (await place.topics()).filter((topic) => topic.includes('.positions.'))
    if (positions === undefined) throw new Error('no topic of positions')
    await place.put(positions, 'order 7', '{"amount":3}')
    await expect((await openSink(place.url)).open(undefined)).rejects.toMatchObject({
      code: 'CT_CHECKPOINT_UNUSABLE',
      retryable: false,
      message: expect.stringMatching(`${positions} has a record that is no position of ct-stream.*another prefix`),
    })
    await kafkaCoordinator(place.url)
      .join('one')
      .catch(() => {})
    await place.put(`${place.prefix}.assign`, 'order 7', '{"amount":3}')
    const coordinator = kafkaCoordinator(place.url)
    await expect(coordinator.join('two')).rejects.toMatchObject({
      code: 'CT_CHECKPOINT_UNUSABLE',
      message: expect.stringMatching(`${place.prefix}.assign has a record that puts no log into a shard`),
    })
    await coordinator.close()
  })

  it('writes beside foreign messages, which are told from ours', async () => {
    const place = kafkaPlace()
    onTestFinished(() => place.remove())
    const log = await logOf(100)
    await run({ sink: place.url }, [log]).done
    await place.put(place.topic, 'order 7', '{"amount":3}')
    grow(log, 100)
    await run({ sink: place.url }, [log]).done
    const read = (await place.records()).map(({ headers, value }) =>
      decodeMessage(
        headers.map(([name, text]) => [String(name), text ?? '']),
        value ?? undefined,
        () => {
          throw new Error('no leaf is there')
        },
      ),
    )
    expect(read.filter(({ body }) => body === 'refused')).toMatchObject([{ why: 'foreign' }])
    const indexes = read.flatMap((message) => (message.body === 'json' ? [message.index] : []))
    expect(indexes).toEqual(Array.from({ length: 200 }, (_, index) => index))
  })
})
