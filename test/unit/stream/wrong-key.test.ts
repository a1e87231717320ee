import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { logOf } from '../../support/logs.js'
import { Reader } from '../../support/reader.js'

const HEADS = ['get-sth', 'checkpoint'] as const

describe.each(['rfc6962', 'static-ct'] as const)('a %s log read with the key of another', (kind) => {
  it('is not held to have misbehaved: the key is said to be wrong', async () => {
    const [log, other] = [await logOf(5, { kind }), await logOf(5, { kind })]
    const checkpoint = new MemoryCheckpointStore()
    const stream = ctStream({ logs: [{ ...log.spec, key: other.key }], checkpoint, clock: fastClock(20_000) })
    const reader = closing(new Reader(stream))
    await reader.until(() => reader.errors.length >= 12)
    expect(new Set(reader.errors.map(({ error }) => error.code))).toEqual(new Set(['CT_KEY_MISMATCH']))
    expect(reader.errors[0]?.error.message).toContain(`${log.url}: no head verifies with the key given`)
    expect(reader.state(other.logId)).toBe('waiting')
    await reader.close()
    checkpoint.open()
    expect([reader.misbehaviour, checkpoint.evidence()]).toEqual([[], []])
  })

  it('is not said so once a head has verified, in an earlier run either', async () => {
    const log = await logOf(5, { kind })
    const checkpoint = new MemoryCheckpointStore()
    const follow = () => new Reader(ctStream({ logs: [log.spec], checkpoint, clock: fastClock(20_000) }))
    const first = follow()
    await first.until(() => first.state(log.logId) === 'live')
    await first.close()
    log.fault({ on: HEADS, flipBit: { in: 'signature', byte: -5 } })
    const again = closing(follow())
    await again.until(() => again.errors.length > 0)
    expect(again.errors[0]?.error.code).toBe('CT_HEAD_SIGNATURE')
  })
})
