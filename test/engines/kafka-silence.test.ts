import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFailed, onTestFinished } from 'vitest'
import { kafkaCoordinator } from '../../src/cluster/index.js'
import { openSink, pump } from '../../src/sinks/index.js'
import type { TestLog } from '../../src/testing/index.js'
import { backfill, logOf } from '../support/logs.js'
import { infoOf } from './collectors.js'
import { noKafka } from './kafka-place.js'
import { type KillPlace, kafkaKillPlace } from './kill-places.js'
import { ownServer, threeServers } from './own-server.js'

/** How long a pump may be silent about an engine that does not answer; as much again for a machine that is busy. Milliseconds. */
const SILENT_MS = 2 * 5000
/** Longest wait for one answer, and for closing what has not answered, with the same allowance. Milliseconds. */
const STEP_MS = 2 * (20_000 + 3000)

/** Pumps a log, and notes when it says what. */
function run(place: KillPlace, log: TestLog) {
  const said: { readonly at: number; readonly text: string }[] = []
  const say = (text: string) => void said.push({ at: performance.now(), text })
  const done = (async () =>
    pump({
      sink: await openSink(place.sink),
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
      // The shortest waits.
      random: () => 0,
      logger: { info: say, warn: say },
    }))()
  done.catch(() => {})
  onTestFailed(() => console.log(JSON.stringify(said)))
  /** Milliseconds from a time until something is said; fails after a limit. */
  const until = async (what: RegExp, from: number, limit: number) => {
    for (;;) {
      const found = said.find(({ at, text }) => at >= from && what.test(text))
      if (found !== undefined) return found.at - from
      if (performance.now() - from > limit)
        throw new Error(`not said in ${limit} ms: ${what} in ${JSON.stringify(said)}`)
      await wait(20)
    }
  }
  return { done, said, until }
}

const inMiddle = async (place: KillPlace, log: TestLog, position: number) => {
  while (((await place.positions().catch(() => new Map())).get(log.logId) ?? 0) < position) await wait(5)
}
const signal = (folder: string, name: 'SIGSTOP' | 'SIGCONT') =>
  process.kill(Number(readFileSync(join(folder, 'pid'), 'utf8')), name)

describe.skipIf(noKafka)('a pump to Kafka whose broker does not answer', () => {
  it.each(['killed', 'stopped'] as const)(
    'says so within seconds when it is %s in the middle of a write',
    async (how) => {
      const server = await ownServer('kafka')
      onTestFinished(() => server.remove())
      await server.start()
      const place = await kafkaKillPlace(`kafka://127.0.0.1:${server.port}`)
      const log = await logOf(12_000)
      const { done, said, until } = run(place, log)
      await inMiddle(place, log, 2000)
      if (how === 'killed') await server.kill()
      else signal(server.folder, 'SIGSTOP')
      const began = performance.now()
      await until(/has not answered for/, began, SILENT_MS)
      await until(/the sink is opened again in .*: could not .* at kafka:/, began, STEP_MS)
      // And of opening it, which waits as long.
      await until(/the sink is opened again in/, performance.now(), STEP_MS)
      if (how === 'killed') await server.start()
      else signal(server.folder, 'SIGCONT')
      await done
      expect(said.at(-1)?.text).toBe('the sink takes entries again')
      await place.expectEachOnce([log])
    },
    240_000,
  )

  it('has a coordinator that works again after a broker that was stopped for longer than a step', async () => {
    const server = await ownServer('kafka')
    onTestFinished(() => server.remove())
    await server.start()
    const coordinator = kafkaCoordinator(`kafka://127.0.0.1:${server.port}`)
    onTestFinished(() => coordinator.close())
    await coordinator.join('one')
    const [log, other] = [await logOf(0), await logOf(0)]
    expect(await coordinator.assign(infoOf(log), 'first')).toBe('first')
    signal(server.folder, 'SIGSTOP')
    await expect(coordinator.assign(infoOf(other), 'second')).rejects.toMatchObject({ code: 'CT_SINK_FAILED' })
    signal(server.folder, 'SIGCONT')
    expect(await coordinator.assign(infoOf(other), 'second')).toBe('second')
  }, 120_000)

  it('goes on with the other two of three brokers when the first of its URL is stopped, which still takes connections, and led the controllers', async () => {
    const brokers = await threeServers('kafka')
    onTestFinished(() => brokers.remove())
    const leader = leaderOf(brokers.folderOf(1))
    const place = await kafkaKillPlace(firstInUrl(brokers.url, leader))
    const log = await logOf(12_000)
    const { done } = run(place, log)
    await inMiddle(place, log, 2000)
    brokers.signal(leader, 'SIGSTOP')
    const began = performance.now()
    await done
    expect(performance.now() - began).toBeLessThan(120_000)
    // Who reads here would ask it first.
    await brokers.kill(leader)
    await place.expectEachOnce([log])
  }, 300_000)
})

/** Node id of the controller that leads, as one of the servers has noted it. */
function leaderOf(folder: string): number {
  const state = readFileSync(join(folder, 'data', '__cluster_metadata-0', 'quorum-state'), 'utf8')
  return (JSON.parse(state) as { leaderId: number }).leaderId
}

function firstInUrl(url: string, node: number): string {
  const hosts = url.replace('kafka://', '').split(',')
  return `kafka://${[...hosts.splice(node - 1, 1), ...hosts].join(',')}`
}
