import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { CtStreamError } from '../../../src/errors.js'
import type { Evidence } from '../../../src/types/checkpoint.js'
import { range } from '../../support/follow.js'
import { grow, logOf } from '../../support/logs.js'
import { passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

const MINUTE = 60_000

/** Takes no evidence. */
class RefusingStore extends MemoryCheckpointStore {
  tries = 0
  private readonly retryable: boolean

  constructor(retryable: boolean) {
    super()
    this.retryable = retryable
  }

  override addEvidence(_: Evidence): void {
    this.tries++
    throw new CtStreamError('CT_SINK_FAILED', 'a batch is too large', { retryable: this.retryable })
  }
}

describe('evidence that cannot be stored', () => {
  it.each([
    ['for good', false, 'a batch is too large'],
    ['for five minutes', true, 'a batch is too large (tried again for 300 s)'],
  ])('%s is reported with the misbehaviour, and the stream goes on', async (_, retryable, why) => {
    const clock = new VirtualClock()
    const [bad, good] = await Promise.all([logOf(600, { clock, mmd: 86_400 }), logOf(10, { clock, mmd: 86_400 })])
    const checkpoint = new RefusingStore(retryable)
    const lines: string[] = []
    const into = (message: string) => void lines.push(message)
    const logger = { debug: into, info: into, warn: into, error: into }
    const reader = await readOn(clock, { logs: [bad.spec, good.spec], checkpoint, logger })
    const lie = bad.fault({
      on: ['get-entries', 'data-tile'],
      when: ({ path }) => /start=256|data\/001/.test(path),
      flipBit: { in: 'leaf', item: 3, byte: 20 },
    })
    await passUntil(clock, () => reader.misbehaviour.length > 0, 15 * MINUTE)
    expect(reader.misbehaviour.map(({ log, error }) => [log.id, error.code])).toEqual([[bad.logId, 'CT_ROOT_MISMATCH']])
    expect(reader.misbehaviour[0]?.error.message).toContain(`; evidence could not be stored: ${why}`)
    expect(lines.filter((line) => line.includes('evidence stored'))).toEqual([])
    expect(checkpoint.tries).toBeGreaterThan(retryable ? 5 : 0)

    grow(good, 5)
    await passUntil(clock, () => reader.indexes(good.logId).length === 15, 2 * MINUTE)
    lie.clear()
    await passUntil(clock, () => reader.indexes(bad.logId).length === 600, 5 * MINUTE)
    expect([reader.indexes(good.logId), reader.indexes(bad.logId)]).toEqual([range(0, 15), range(0, 600)])
    await reader.close()
  })
})
