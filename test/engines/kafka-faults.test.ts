import { execFileSync } from 'node:child_process'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kafkaCoordinator } from '../../src/cluster/index.js'
import { decodeMessage, openSink } from '../../src/sinks/index.js'
import { grow, logOf } from '../support/logs.js'
import { inMiddle, isCommit, run } from './fault-use.js'
import { kafkaPlace, noKafka } from './kafka-place.js'
import { kafkaKillPlace } from './kill-places.js'
import { brokerBehindProxy, ownServer, threeServers } from './own-server.js'

describe.skipIf(noKafka)('faults of Kafka', () => {
  it('neither loses nor repeats anything when answers are cut, and the broker is killed and comes back', async () => {
    const { server, proxy } = await brokerBehindProxy()
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
    const brokers = await threeServers('kafka')
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

  it('reads again what a broker that was restored from a copy does not have', async () => {
    const server = await ownServer('kafka')
    onTestFinished(() => server.remove())
    await server.start()
    const place = await kafkaKillPlace(`kafka://127.0.0.1:${server.port}`)
    const log = await logOf(1000)
    await run(place, [log]).done
    const copy = join(server.folder, 'copy')
    await server.stop()
    execFileSync('cp', ['-a', join(server.folder, 'data'), copy])
    await server.start()
    grow(log, 6000)
    const { done, said } = run(place, [log])
    await inMiddle(place, log, 3000)
    await server.kill()
    execFileSync('rm', ['-r', join(server.folder, 'data')])
    execFileSync('mv', [copy, join(server.folder, 'data')])
    await server.start()
    await done
    expect(said).toContain('the sink takes entries again')
    await place.expectEachOnce([log])
  }, 240_000)

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
