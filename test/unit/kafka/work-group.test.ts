import { expect, it } from 'vitest'
import { kafkaAddress } from '../../../src/kafka/address.js'
import type { KafkaClient } from '../../../src/kafka/client.js'
import { WorkGroup } from '../../../src/kafka/work-group.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const SESSION_MS = 10_000

/** A group whose broker is told what to answer. */
function groupOn(clock: VirtualClock) {
  const listeners = new Map<string, (payload: object) => void>()
  class Consumer {
    topics = { track: () => {} }
    memberId = 'm'
    on(event: string, listener: (payload: object) => void): void {
      listeners.set(event, listener)
    }
    joinGroup = async () => {}
    leaveGroup(_: boolean, done: () => void): void {
      done()
    }
    close(_: boolean, done: () => void): void {
      done()
    }
  }
  const group = new WorkGroup({
    kafka: { Consumer } as unknown as KafkaClient,
    address: kafkaAddress('kafka://127.0.0.1/ct'),
    ...{ topic: 'work', group: 'g', member: 'm', sessionMs: SESSION_MS, clock, count: () => 1, onShare: () => {} },
  })
  return { group, say: (event: string, payload: object = {}) => listeners.get(event)?.(payload) }
}

it('is no member of a group whose broker is silent, also where the clock was set back meanwhile', async () => {
  const clock = new VirtualClock()
  const { group, say } = groupOn(clock)
  group.check()
  say('consumer:group:join', { memberId: 'm', assignments: [] })
  await clock.pass(SESSION_MS - 1)
  say('consumer:heartbeat:end')
  clock.set(-3_600_000)
  await clock.pass(SESSION_MS - 1)
  expect([group.isMember, group.silentMs]).toEqual([true, SESSION_MS - 1])
  await clock.pass(1)
  expect(group.isMember).toBe(false)
  expect(() => group.check()).toThrow('no answer for 10 s')
  await group.close()
})
