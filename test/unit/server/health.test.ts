import { describe, expect, it } from 'vitest'
import { Health } from '../../../src/server/health.js'
import type { ServerHealth } from '../../../src/server/options.js'
import { Pause } from '../../../src/server/pause.js'
import type { LogStatus } from '../../../src/types/stream-status.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { log, status } from '../cli/sample-status.js'

/** A server whose clients are looked at every second, and whose source says what it is given. */
function watched(roles?: ServerHealth) {
  const clock = new VirtualClock()
  const logs: { now: LogStatus[] } = { now: [log({ lagEntries: 5, entries: 0 })] }
  const source = Object.assign(new PageSource([]), { status: () => status(logs.now) })
  const pause = new Pause()
  const health = new Health({ settings: { source, clock, ...(roles !== undefined && { health: roles }) }, pause })
  const pass = async (seconds: number) => {
    for (let i = 0; i < seconds; i++) {
      health.tick(1000)
      await clock.pass(1000)
    }
  }
  return { clock, logs, pause, health, pass }
}

describe('the health of a server', () => {
  it('is good while no entries arrive because the logs have no more', async () => {
    const { logs, health, pass } = watched()
    logs.now = [log({ lagEntries: 0 })]
    await pass(3600)
    expect(health.illness()).toBeUndefined()
  })

  it('is bad after ten minutes in which logs had more and nothing was read, until something is read', async () => {
    const { health, pass } = watched()
    await pass(595)
    expect(health.illness()).toBeUndefined()
    await pass(10)
    expect(health.illness()).toBe('nothing is read although logs have more')
    health.read()
    expect(health.illness()).toBeUndefined()
  })

  it('is good while a filter drops everything that is read', async () => {
    const { logs, health, pass } = watched()
    for (let i = 1; i < 20; i++) {
      logs.now = [log({ lagEntries: 5, entries: i })]
      await pass(60)
    }
    expect(health.illness()).toBeUndefined()
  })

  it('is good while reading is paused, and while logs that have more are in trouble', async () => {
    const { logs, health, pause, pass } = watched()
    pause.set(true)
    await pass(700)
    expect(health.illness()).toBeUndefined()
    pause.set(false)
    logs.now = [log({ state: 'waiting', lagEntries: 5 })]
    await pass(700)
    expect(health.illness()).toBeUndefined()
  })

  it('is good while the database does not answer, and bad ten minutes after it does if nothing is read', async () => {
    const roles = { illness: () => undefined, unready: (): string | undefined => 'the database does not answer' }
    // The stream that ended with the connection stays what it was.
    const { health, pass } = watched(roles)
    await pass(3600)
    expect([health.illness(), health.unready()]).toEqual([undefined, 'the database does not answer'])
    roles.unready = () => undefined
    await pass(595)
    expect(health.illness()).toBeUndefined()
    await pass(10)
    expect(health.illness()).toBe('nothing is read although logs have more')
  })

  it('is bad while the event loop is blocked', async () => {
    const { clock, health } = watched()
    health.tick(1000)
    await clock.pass(5900)
    expect(health.illness()).toBeUndefined()
    await clock.pass(200)
    expect(health.illness()).toBe('the event loop is held up')
  })
})
