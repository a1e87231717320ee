import { expect, it } from 'vitest'
import { createTestLog, createTestLogList, issueCertificates, type TestLog } from '../../../src/testing/index.js'
import { indexesOf, range } from '../../support/follow.js'
import type { Reader } from '../../support/reader.js'
import { isRead, strike, TIMEOUT, World } from './run-cell.js'
import { ANY, readsOn, type Way, waits, way } from './table.js'

const HOUR = 3_600_000

/** What is told of a list is mostly that it is none. */
const NO_LIST = /truncated|empty|HTML/

/** `waits` means here: the list is not renewed, and what is known of it holds. */
const WAYS: readonly Way[] = [
  ...ANY.map((one) => (NO_LIST.test(one.name) ? { ...one, told: 'CT_LIST_INVALID' } : one)),
  way('another JSON', { body: '{"version": 1}' }, 'CT_LIST_INVALID', waits),
  way('a fault of no consequence', { closeConnection: true }, undefined, readsOn),
]

for (const way of WAYS)
  it(`a log list, ${way.name}: tells ${way.told ?? 'nothing'}, and the logs known are read on`, {
    timeout: TIMEOUT,
  }, async () => {
    const world = await World.make('rfc6962')
    const { clock, log, other } = world
    // Serves lists as it serves everything: with every fault.
    const lists = await createTestLog({ clock })
    try {
      const listOf = (...logs: TestLog[]) =>
        JSON.stringify(createTestLogList(logs, { timestamp: new Date(clock.now()) }))
      const serve = (body: string) => lists.fault({ on: 'other', status: 200, body })
      const struck = { log: lists, network: world.network }
      const step = { paths: /^list\.json$/ }
      const logList = `${lists.url}list.json`
      const options = { logs: undefined, logList, pollIntervalMs: 600_000, commit: { everyMs: 600_000 } }
      const served = serve(listOf(log))

      const checkpoint = world.store()
      const reader = world.read({ ...options, checkpoint })
      await world.passUntil(reader, () => isRead(reader, log, 300), 60_000)
      served.clear()
      const heal = strike(struck, step, { does: withBody(way, listOf(log, other)) })
      serve(listOf(log, other))
      log.add(issueCertificates(100, { sign: false, seed: 'more' }))
      log.publish()
      const began = clock.elapsed()
      await world.passUntil(reader, () => clock.elapsed() - began > 2 * HOUR, 3 * HOUR)
      expect(indexesOf(reader.certificates.filter((one) => one.log.id === log.logId))).toEqual(range(0, 400))
      expect(reader.indexes(other.logId)).toEqual(way.told === undefined ? range(0, 20) : [])
      const failures = reader.lists.flatMap((list) => list.failures)
      expect([...new Set(failures.map(({ error }) => error.code))]).toEqual(way.told === undefined ? [] : [way.told])
      for (const { error } of failures) expect(error.message).toContain(new URL(lists.url).host)

      heal()
      if (way.told !== undefined) {
        serve(listOf(log, other))
        await world.passUntil(reader, () => isRead(reader, other, 20), 2 * HOUR)
        expect(reader.indexes(other.logId)).toEqual(range(0, 20))
      }
      expect([reader.errors, reader.gaps, reader.misbehaviour]).toEqual([[], [], []])
      await reader.close()

      // A run that begins with the fault has the last good copy; one without a copy cannot begin.
      lists.clearFaults()
      strike(struck, step, { does: withBody(way, listOf(log, other)) })
      serve(listOf(log, other))
      log.add(issueCertificates(10, { sign: false, seed: 'last' }))
      log.publish()
      const again = world.read({ ...options, checkpoint })
      await world.passUntil(again, () => isRead(again, log, 410), HOUR)
      expect(again.indexes(log.logId)).toEqual(range(400, 410))
      await again.close()
      const first = world.read({ ...options, checkpoint: world.store() })
      expect(await endOf(world, first, log)).toEqual(way.told === undefined ? 'reads' : 'CT_LIST_INVALID')
    } finally {
      await lists.close()
      await world.close()
    }
  })

/** The way, with a list for what it is done to. */
function withBody({ does }: Way, body: string): Way['does'] {
  return typeof does === 'string' ? does : (log) => ({ status: 200, body, ...does(log) })
}

async function endOf(world: World, reader: Reader, log: TestLog): Promise<string | undefined> {
  let code: string | undefined
  reader.done.catch((error) => {
    code = error.code
  })
  await world.passUntil(reader, () => code !== undefined || isRead(reader, log, 410), HOUR)
  return code ?? 'reads'
}
