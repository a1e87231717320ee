import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { StoreQueue } from '../../../src/stream/store-queue.js'
import { settled, VirtualClock } from '../../support/virtual-clock.js'

const passing = () => new CtStreamError('CT_CHECKPOINT_UNUSABLE', 'busy', { retryable: true })

function queueOf(clock = new VirtualClock()) {
  const told: string[] = []
  const queue = new StoreQueue({
    clock,
    random: () => 1,
    onTrouble: (error) => void told.push(`trouble: ${(error as Error).message}`),
    onRecovery: () => void told.push('recovery'),
  })
  return { queue, clock, told }
}

/** A write that fails this often, and how often it was tried. */
function failing(times: number, error: () => unknown = passing) {
  const write = () => {
    write.tries++
    if (write.tries <= times) throw error()
  }
  write.tries = 0
  return write
}

describe('a write that fails in a passing way', () => {
  it('is tried again, each time later, with one warning', async () => {
    const { queue, clock, told } = queueOf()
    const write = failing(9)
    const done = queue.persist(write, 300_000)
    await clock.pass(300_000)
    await done
    expect(clock.slept).toEqual([100, 200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000])
    expect(told).toEqual(['trouble: busy', 'recovery'])
  })

  it('is given up after its patience, no earlier and no later', async () => {
    const { queue, clock, told } = queueOf()
    const write = failing(Number.POSITIVE_INFINITY)
    const done = queue.persist(write, 5_000).catch((error) => error)
    await clock.pass(4_999)
    expect(clock.sleeping).toBe(1)
    await clock.pass(1)
    expect(await done).toMatchObject({
      code: 'CT_CHECKPOINT_UNUSABLE',
      retryable: true,
      message: 'busy (tried again for 5 s)',
    })
    expect(told).toEqual(['trouble: busy'])
  })

  it('may be any error that says `retryable`', async () => {
    const { queue, clock } = queueOf()
    const write = failing(1, () => Object.assign(new Error('connection lost'), { retryable: true }))
    const done = queue.persist(write, 1_000)
    await clock.pass(1_000)
    await done
    expect(write.tries).toBe(2)
  })

  it('holds up no other call between two tries', async () => {
    const { queue, clock } = queueOf()
    const done = queue.persist(failing(1), 1_000)
    expect(await queue.exclusively(() => 7)).toBe(7)
    await clock.pass(1_000)
    await done
  })

  it.each([new Error('a bug'), new CtStreamError('CT_CHECKPOINT_CONFLICT', 'taken'), undefined, null, 'text'])(
    'ends at once when it is none: %s',
    async (error) => {
      const { queue } = queueOf()
      const write = failing(5, () => error)
      await expect(queue.persist(write, 1_000)).rejects.toBe(error)
      expect(write.tries).toBe(1)
    },
  )

  it('ends with its error when the clock fails', async () => {
    const clock = new VirtualClock()
    clock.sleep = () => Promise.reject(new Error('no time'))
    const { queue } = queueOf(clock)
    await expect(queue.persist(failing(5), 1_000)).rejects.toMatchObject({ message: 'busy' })
  })
})

describe('calls', () => {
  it('are made one at a time, in order, whether they fail or not', async () => {
    const { queue } = queueOf()
    const log: string[] = []
    const call =
      (name: string, fails = false) =>
      async () => {
        log.push(`${name} begins`)
        await settled()
        log.push(`${name} ends`)
        if (fails) throw new Error(name)
      }
    const all = [queue.exclusively(call('a')), queue.exclusively(call('b', true)), queue.persist(call('c'), 0)]
    await Promise.allSettled(all)
    expect(log).toEqual(['a begins', 'a ends', 'b begins', 'b ends', 'c begins', 'c ends'])
  })
})

describe('closing', () => {
  it('cuts a wait short, and tries at once', async () => {
    const { queue, clock } = queueOf()
    const write = failing(1)
    const done = queue.persist(write, 300_000)
    await settled()
    expect(write.tries).toBe(1)
    queue.close()
    await done
    expect(write.tries).toBe(2)
    queue.release()
    await settled()
    expect(clock.sleeping).toBe(0)
  })

  it('waits five seconds for a write that goes on failing, or for a call that hangs', async () => {
    const { queue, clock } = queueOf()
    const write = failing(Number.POSITIVE_INFINITY)
    const failed = queue.persist(write, 300_000).catch((error) => error)
    await settled()
    queue.close()
    await clock.pass(4_000)
    expect(write.tries).toBeGreaterThan(8)
    const hung = queue.exclusively(() => new Promise(() => {})).catch((error) => error)
    // The last second is the machine's.
    expect(await failed).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', retryable: true })
    expect(await hung).toMatchObject({ message: expect.stringContaining('did not answer within 5 s') })
    expect(queue.isOver).toBe(true)
    await expect(queue.exclusively(() => 1)).rejects.toMatchObject({ retryable: true })
    queue.release()
  })

  it('leaves nothing behind when all was done', async () => {
    const { queue, clock } = queueOf()
    await queue.exclusively(() => {})
    queue.close()
    queue.close()
    queue.release()
    await settled()
    expect([clock.sleeping, queue.isOver]).toEqual([0, false])
  })
})
