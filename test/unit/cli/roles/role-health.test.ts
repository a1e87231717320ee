import { describe, expect, it } from 'vitest'
import { RoleHealth } from '../../../../src/cli/roles/role-health.js'

function clockInHand() {
  let time = 0
  const elapsed = () => time
  return {
    ...{ now: elapsed, elapsed, sleep: () => Promise.reject(new Error('nobody sleeps here')) },
    pass: (ms: number) => {
      time += ms
    },
  }
}

describe('the health of a process with roles', () => {
  it('is ready when each role was answered, and not while the database is away', () => {
    const clock = clockInHand()
    const health = new RoleHealth(clock, 15_000, ['collector', 'api'])
    expect(health.unready()).toBe('the database has not answered yet')
    health.asked('collector', true)
    expect(health.unready()).toBe('the database has not answered yet')
    health.asked('api', true)
    expect(health.unready()).toBeUndefined()
    clock.pass(10_000)
    health.asked('api', true)
    health.asked('collector', false)
    clock.pass(6000)
    expect(health.unready()).toBe('the database does not answer')
    expect(health.illness()).toBeUndefined()
    health.asked('collector', true)
    expect(health.unready()).toBeUndefined()
  })

  it('is ill when one role no longer queries the database, whatever the others do', () => {
    const clock = clockInHand()
    const health = new RoleHealth(clock, 15_000, ['collector', 'api'])
    for (let i = 0; i < 20; i++) {
      health.asked('api', true)
      health.asked('collector', false)
      clock.pass(15_000)
    }
    expect(health.illness()).toBeUndefined()
    for (let i = 0; i < 8; i++) {
      health.asked('api', true)
      clock.pass(15_000)
    }
    expect(health.illness()).toBe('the role collector is held up')
  })
})
