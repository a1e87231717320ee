import { describe, expect, it } from 'vitest'
import { Background } from '../../../src/stream/background.js'
import { settled } from '../../support/virtual-clock.js'

function made() {
  const controller = new AbortController()
  const seen = { changes: 0 }
  const background = new Background(controller.signal, () => void seen.changes++)
  return { background, controller, seen }
}

describe('what runs behind a stream', () => {
  it('is idle only when everything that may bring entries has ended, whatever else runs', async () => {
    const { background, seen } = made()
    let end = () => {}
    background.run(new Promise(() => {}))
    background.follow(Promise.resolve())
    background.follow(
      new Promise((resolve) => {
        end = resolve
      }),
    )
    await settled()
    expect([background.isIdle, seen.changes]).toEqual([false, 1])
    end()
    await settled()
    expect([background.isIdle, seen.changes]).toEqual([true, 2])
  })

  it('fails with its first failure, which is known before it is idle', async () => {
    const { background } = made()
    const [first, second] = [new Error('first'), new Error('second')]
    background.follow(Promise.reject(first))
    background.run(Promise.reject(second))
    while (!background.isIdle) await Promise.resolve()
    expect(background.isFailureDelivered).toBe(false)
    expect(() => background.throwIfFailed()).toThrow(first)
    expect(background.isFailureDelivered).toBe(true)
    await background.settled()
  })

  it('fails for nothing once the stream is closed', async () => {
    const { background, controller, seen } = made()
    let fail: (error: Error) => void = () => {}
    background.run(
      new Promise((_, reject) => {
        fail = reject
      }),
    )
    controller.abort()
    fail(new Error('late'))
    await background.settled()
    background.throwIfFailed()
    expect(seen.changes).toBe(0)
  })
})
