import { once } from 'node:events'
import { existsSync } from 'node:fs'
import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import type { TestLog } from '../../src/testing/index.js'
import { grow, logOf } from '../support/logs.js'
import { NetworkNamespace } from '../support/network-namespace.js'
import { Collectors } from './collectors.js'
import { noPostgres } from './database.js'
import { postgresKillPlace } from './kill-places.js'

/** Of Debian's package `libfaketime`. */
const FAKETIME = '/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1'
const PATIENCE_MS = 90_000
const noNamespace = !NetworkNamespace.isPossible
if (noNamespace) console.log('skipping the tests with network namespaces: they need Linux, root and iproute2')
const noFaketime = !existsSync(FAKETIME)
if (noFaketime) console.log('skipping the tests with clocks that are off: apt-get install libfaketime')

describe.skipIf(noPostgres)('collectors on Postgres that are cut off, or off the time', () => {
  async function begin() {
    const place = await postgresKillPlace()
    const logs = await Promise.all(
      // Checkpoints of static-ct logs name their host, which is another one inside of a namespace.
      [0, 1, 2].map((n) => logOf(300, { operator: `operator ${n}` })),
    )
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
    return { place, logs, collectors, until, untilRead }
  }

  it.skipIf(noNamespace)(
    'replaces one that is cut off beyond its lease, and takes it in when it is back; each entry is there once',
    async () => {
      const { place, logs, collectors, until, untilRead } = await begin()
      const ports = [new URL(place.url), ...logs.map(({ url }) => new URL(url))].map(({ port }) => Number(port))
      const namespace = await NetworkNamespace.open(ports)
      // Before the collectors' turn, for what is finished last is cleaned up first.
      onTestFinished(async () => {
        await collectors.stopAll()
        await namespace.close()
      })
      const away = collectors.start({ command: namespace.command, rewrite: (text) => namespace.inside(text) })
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

  it.skipIf(noFaketime)(
    'takes no shard from another, and none too late, where clocks of members are an hour off',
    async () => {
      const { place, logs, collectors, untilRead } = await begin()
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
