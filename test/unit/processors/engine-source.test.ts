import { describe, expect, it } from 'vitest'
import { EngineSource } from '../../../src/processors/engine-source.js'
import { sourceSettings } from '../../../src/processors/source-settings.js'
import { VirtualClock } from '../../support/virtual-clock.js'

/** An engine that does not answer. */
function silentEngine() {
  let ended = () => {}
  const closed = new Promise<void>((resolve) => {
    ended = resolve
  })
  const never = new Promise<never>(() => {})
  let isClosed = false
  return {
    claims: [],
    open: () => never,
    next: () => closed.then(() => undefined),
    store: () => never,
    park: () => never,
    settle: () => never,
    addGap: () => never,
    async close() {
      isClosed = true
      ended()
    },
    get isClosed() {
      return isClosed
    },
  }
}

describe('a queue source', () => {
  it('is closed, and says what is not stored, when its engine gives no answer', async () => {
    const clock = new VirtualClock()
    const engine = silentEngine()
    const source = new EngineSource(engine, sourceSettings({ group: 'g', leaseMs: 30_000, clock }))
    const reading = source.batches().next()
    reading.catch(() => {})
    const closed = source.close()
    closed.catch(() => {})
    await clock.pass(29_000)
    expect(engine.isClosed).toBe(false)
    await clock.pass(2_000)
    expect(engine.isClosed).toBe(true)
    await expect(closed).rejects.toMatchObject({
      code: 'CT_SINK_FAILED',
      message: expect.stringContaining('what was acknowledged last is not stored'),
    })
  })
})
