import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { OperatorQueues, type QueueSlot } from '../../../src/http/operator-queues.js'
import { VirtualClock } from '../../support/virtual-clock.js'

/** Tasks that run until they are told to end. */
class Tasks {
  readonly started: string[] = []
  readonly running = new Map<string, () => void>()

  run(queues: OperatorQueues, name: string, slot: QueueSlot): Promise<string> {
    return queues.run(slot, () => {
      this.started.push(name)
      return new Promise((resolve) => this.running.set(name, () => resolve(name)))
    })
  }

  async finish(name: string): Promise<void> {
    this.running.get(name)?.()
    this.running.delete(name)
    await settled()
  }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

describe('OperatorQueues', () => {
  it('keeps to the limits of log, operator and process', async () => {
    const queues = new OperatorQueues({ perLog: 2, perOperator: 3, total: 4 })
    const tasks = new Tasks()
    const add = (name: string, log: string, operator: string) => void tasks.run(queues, name, { log, operator })
    for (let i = 0; i < 4; i++) add(`a1-${i}`, 'a1', 'A')
    for (let i = 0; i < 4; i++) add(`a2-${i}`, 'a2', 'A')
    for (let i = 0; i < 4; i++) add(`b1-${i}`, 'b1', 'B')
    await settled()
    // Two of a1, one more of operator A, one more in all.
    expect(tasks.started).toEqual(['a1-0', 'a1-1', 'a2-0', 'b1-0'])
    expect([queues.running, queues.waiting > 0]).toEqual([4, true])
    await tasks.finish('b1-0')
    expect(tasks.started.at(-1)).toBe('b1-1')
  })

  it('never runs more than allowed and runs everything, whatever comes', async () => {
    const slots = fc.record({
      log: fc.constantFrom('1', '2', '3'),
      operator: fc.constantFrom('A', 'B'),
      priority: fc.nat(2),
    })
    await fc.assert(
      fc.asyncProperty(fc.array(slots, { maxLength: 60 }), async (all) => {
        const limits = { perLog: 2, perOperator: 3, total: 5 }
        const queues = new OperatorQueues(limits)
        const counts = new Map<string, number>()
        const count = (key: string, by: number, limit: number) => {
          const now = (counts.get(key) ?? 0) + by
          counts.set(key, now)
          expect(now).toBeLessThanOrEqual(limit)
        }
        const results = all.map((slot, i) =>
          queues.run(slot, async () => {
            for (const by of [1, -1]) {
              count(`log ${slot.operator} ${slot.log}`, by, limits.perLog)
              count(`operator ${slot.operator}`, by, limits.perOperator)
              count('total', by, limits.total)
              if (by === 1) await settled()
            }
            return i
          }),
        )
        expect(await Promise.all(results)).toEqual(all.map((_, i) => i))
        expect([queues.running, queues.waiting]).toEqual([0, 0])
      }),
      { numRuns: 30 },
    )
  })

  it('serves urgent requests first, otherwise in order of arrival', async () => {
    const queues = new OperatorQueues({ perLog: 1, perOperator: 1, total: 1 })
    const tasks = new Tasks()
    const priorities = [0, 0, 5, 0, 10, 5]
    priorities.forEach((priority, i) => void tasks.run(queues, `${i}`, { log: 'l', operator: 'o', priority }))
    await settled()
    for (let i = 0; i < priorities.length; i++) await tasks.finish(tasks.started.at(-1) ?? '')
    expect(tasks.started).toEqual(['0', '4', '2', '5', '1', '3'])
  })

  it('drops a waiting task as soon as its signal aborts, with the reason itself, and goes on', async () => {
    const queues = new OperatorQueues({ perLog: 1, perOperator: 1, total: 1 })
    const tasks = new Tasks()
    const slot = { log: 'l', operator: 'o' }
    const first = tasks.run(queues, 'first', slot)
    const controller = new AbortController()
    const dropped = tasks.run(queues, 'dropped', { ...slot, signal: controller.signal })
    const elsewhere = tasks.run(queues, 'elsewhere', { log: 'm', operator: 'p', signal: controller.signal })
    const last = tasks.run(queues, 'last', slot)
    await settled()
    controller.abort('enough')
    await expect(dropped).rejects.toBe('enough')
    await expect(elsewhere).rejects.toBe('enough')
    expect(queues.waiting).toBe(1)
    await tasks.finish('first')
    await tasks.finish('last')
    expect(await Promise.all([first, last])).toEqual(['first', 'last'])
    expect(tasks.started).toEqual(['first', 'last'])
  })

  it('hands on what a task throws', async () => {
    const error = new Error('task')
    const queues = new OperatorQueues()
    await expect(queues.run({ log: 'l', operator: 'o' }, () => Promise.reject(error))).rejects.toBe(error)
    expect(queues.running).toBe(0)
  })

  it('gives the place of a late request to others: slow logs do not keep a sound one waiting', async () => {
    const clock = new VirtualClock()
    const queues = new OperatorQueues({ perLog: 2, perOperator: 2, total: 4 }, clock)
    const tasks = new Tasks()
    for (const log of ['slow 1', 'slow 2', 'slow 3'])
      for (const i of [1, 2]) void tasks.run(queues, `${log} ${i}`, { log, operator: log })
    const sound = tasks.run(queues, 'sound', { log: 'sound', operator: 'sound' })
    await clock.pass(999)
    expect(tasks.started).not.toContain('sound')
    await clock.pass(1)
    expect(tasks.started).toContain('sound')
    await tasks.finish('sound')
    expect(await sound).toBe('sound')
    // Its log and its operator are still asked no more at once than they should be.
    void tasks.run(queues, 'slow 1 3', { log: 'slow 1', operator: 'slow 1' })
    await clock.pass(60_000)
    expect(tasks.started).not.toContain('slow 1 3')
  })

  it('gives no place to a log whose last answer was late, until one is in time', async () => {
    const clock = new VirtualClock()
    const queues = new OperatorQueues({ perLog: 1, perOperator: 1, total: 1 }, clock)
    const tasks = new Tasks()
    const run = (name: string) => void tasks.run(queues, name, { log: name.slice(0, -2), operator: name.slice(0, -2) })
    run('slow 1')
    await clock.pass(1_000)
    await tasks.finish('slow 1')
    await clock.pass(0)
    // It runs beside the sound one, which has the only place.
    run('slow 2')
    run('sound 1')
    await clock.pass(0)
    expect(tasks.started).toEqual(['slow 1', 'slow 2', 'sound 1'])
    await tasks.finish('slow 2')
    run('slow 3')
    await clock.pass(0)
    // That answer was in time: the next one waits for a place again.
    expect(tasks.started).not.toContain('slow 3')
    await tasks.finish('sound 1')
    await clock.pass(0)
    expect(tasks.started).toContain('slow 3')
  })
})
