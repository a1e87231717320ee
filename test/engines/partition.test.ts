import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { TestLog } from '../../src/testing/index.js'
import { grow, logOf } from '../support/logs.js'
import { NetworkNamespace } from '../support/network-namespace.js'
import { Collectors } from './collectors.js'
import { noPostgres } from './database.js'
import { noKafka } from './kafka-place.js'
import { type KillPlace, kafkaKillPlace, postgresKillPlace } from './kill-places.js'
import { ownServer } from './own-server.js'

/** Of Debian's package `libfaketime`. */
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'
const PATIENCE_MS = 90_000
const noNamespace = !NetworkNamespace.isPossible
if (noNamespace) console.log('skipping the tests with network namespaces: they need Linux, root and iproute2')
const noFaketime = !existsSync(FAKETIME)
if (noFaketime) console.log('skipping the tests with clocks that are off: apt-get install libfaketime')

/** Where collectors work, and the port by which those in a namespace come to it. */
interface Workplace {
  readonly place: KillPlace
  readonly port: number
  readonly namespace: NetworkNamespace
}

const threeLogs = () =>
  // Checkpoints of static-ct logs name their host, which is another one inside of a namespace.
  Promise.all([0, 1, 2].map((n) => logOf(300, { operator: `operator ${n}` })))
const portOf = (url: string) => Number(new URL(url).port)

async function postgresWorkplace(logs: readonly TestLog[]): Promise<Workplace> {
  const place = await postgresKillPlace()
  const port = portOf(place.url)
  return { place, port, namespace: await NetworkNamespace.open([port, ...logs.map(({ url }) => portOf(url))]) }
}

/** A broker that tells those inside to come to the end of their cable, not to a loopback that is theirs. */
async function kafkaWorkplace(logs: readonly TestLog[]): Promise<Workplace> {
  const { port: at } = await ownServer('kafka')
  const port = at + 2
  const namespace = await NetworkNamespace.open([port, ...logs.map(({ url }) => portOf(url))])
  const server = await ownServer('kafka', { port: at, outside: namespace.inside(`127.0.0.1:${port}`) })
  onTestFinished(() => server.remove())
  await server.start()
  return { place: await kafkaKillPlace(`kafka://127.0.0.1:${at}`), port, namespace }
}

describe.each([
  { engine: 'Postgres', isMissing: noPostgres, makePlace: postgresKillPlace, makeWorkplace: postgresWorkplace },
  { engine: 'Kafka alone', isMissing: noKafka, makePlace: kafkaKillPlace, makeWorkplace: kafkaWorkplace },
])('collectors on $engine that are cut off, or off the time', ({ isMissing, makePlace, makeWorkplace }) => {
  function begin(place: KillPlace, logs: readonly TestLog[]) {
    const collectors = new Collectors(place, logs)
    onTestFinished(async () => {
      await collectors.stopAll()
      await place.remove()
    })
    const until = async (isReached: (log: TestLog, position: number) => boolean) => {
      const began = performance.now()
      for (;;) {
        const found = await place.positions()
        if (logs.every((log) => isReached(log, found.get(log.logId) ?? 0))) return performance.now() - began
        if (performance.now() - began > PATIENCE_MS)
          throw new Error(`not reached: ${JSON.stringify([...found])}\n${collectors.said}`)
        await wait(20)
      }
    }
    const untilRead = () => until((log, position) => position === log.size)
    return { collectors, until, untilRead }
  }

  it.skipIf(isMissing || noNamespace)(
    'replaces one that is cut off beyond its lease, and takes it in when it is back; each entry is there once',
    async () => {
      const logs = await threeLogs()
      const { place, port, namespace } = await makeWorkplace(logs)
      const { collectors, until, untilRead } = begin(place, logs)
      // Before the collectors' turn, for what is finished last is cleaned up first.
      onTestFinished(async () => {
        await collectors.stopAll()
        await namespace.close()
      })
      const rewrite = (text: string) => namespace.inside(text.replaceAll(`:${portOf(place.url)}/`, `:${port}/`))
      const away = collectors.start({ command: namespace.command, rewrite })
      await untilRead()
      for (const log of logs) grow(log, 4000)
      await until((log, position) => position > log.size - 4000)
      namespace.cut()
      const here = collectors.start()
      await untilRead()
      for (const log of logs) grow(log, 500)
      await untilRead()
      expect(logs.map(({ operator }) => collectors.ownerOf(operator))).toEqual([here, here, here])
      namespace.join()
      await wait(place.leaseMs)
      for (const log of logs) grow(log, 500)
      await untilRead()
      here.kill('SIGKILL')
      await once(here, 'exit')
      for (const log of logs) grow(log, 500)
      await untilRead()
      expect(away.exitCode).toBeNull()
      await place.expectEachOnce(logs)
    },
    6 * PATIENCE_MS,
  )

  it.skipIf(isMissing || noFaketime)(
    'takes no shard from another, and none too late, where clocks of members are an hour off',
    async () => {
      const logs = await threeLogs()
      const place = await makePlace()
      const { collectors, untilRead } = begin(place, logs)
      const off = (by: string) => ({ env: { LD_PRELOAD: FAKETIME, FAKETIME: by, DONT_FAKE_MONOTONIC: '1' } })
      const members = [collectors.start(off('+1h')), collectors.start(off('-1h')), collectors.start()]
      await untilRead()
      const taken = () => collectors.said.match(/ collecting shard /g)?.length
      // Until each has one.
      while (new Set(logs.map(({ operator }) => collectors.ownerOf(operator))).size < 3) await wait(50)
      const before = taken()
      await wait(place.leaseMs * 3)
      expect(taken()).toBe(before)
      for (const member of members) {
        member.kill('SIGKILL')
        await once(member, 'exit')
        for (const log of logs) grow(log, 200)
        if (member === members.at(-1)) collectors.start(off('+1h'))
        expect(await untilRead()).toBeLessThan(place.leaseMs + 5000)
      }
      await place.expectEachOnce(logs)
    },
    6 * PATIENCE_MS,
  )
})
