import { describe, expect, it } from 'vitest'
import { type CtErrorContext, CtStreamError } from '../../../src/errors.js'
import { type Retry, withRetry } from '../../../src/http/retry.js'
import type { Clock } from '../../../src/types/clock.js'
import { ctError } from './errors.js'

/** A clock that sleeps in no time and remembers for how long. */
function fakeClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = []
  const sleep = async (ms: number, signal?: AbortSignal) => {
    signal?.throwIfAborted()
    slept.push(ms)
  }
  return { slept, now: () => 0, sleep }
}

const failure = (context: CtErrorContext = {}) =>
  new CtStreamError('CT_HTTP_STATUS', '[GET] "u" : 503 Service Unavailable', { retryable: true, ...context })

const failing = (error: unknown, times: number) => {
  let calls = 0
  return async (attempt: number) => {
    expect(attempt).toBe(++calls)
    if (calls <= times) throw error
    return calls
  }
}

describe('withRetry', () => {
  const options = { random: () => 0, backoff: { baseMs: 100, maxMs: 400 } }

  it('tries again until it succeeds, waiting longer each time up to the longest', async () => {
    const clock = fakeClock()
    const retries: Retry[] = []
    const error = failure()
    const onRetry = (retry: Retry) => retries.push(retry)
    expect(await withRetry(failing(error, 4), { ...options, clock, onRetry })).toBe(5)
    expect(clock.slept).toEqual([50, 100, 200, 200])
    expect(retries.map((retry) => [retry.attempt, retry.waitMs, retry.error])).toEqual([
      [1, 50, error],
      [2, 100, error],
      [3, 200, error],
      [4, 200, error],
    ])
  })

  it('gives up after the last attempt and says which it was, keeping everything else', async () => {
    const cause = new Error('inner')
    const first = failure({ url: 'u', status: 503, retryAfterMs: 5, cause })
    const error = await ctError(withRetry(failing(first, 9), { ...options, clock: fakeClock(), attempts: 3 }))
    expect(error.message).toBe('[GET] "u" : 503 Service Unavailable (attempt 3 of 3)')
    expect(error).toMatchObject({ code: first.code, url: 'u', status: 503, retryAfterMs: 5, retryable: true, cause })
  })

  it('has no last attempt when there are infinitely many', async () => {
    const clock = fakeClock()
    expect(await withRetry(failing(failure(), 200), { ...options, clock, attempts: Number.POSITIVE_INFINITY })).toBe(
      201,
    )
    expect(Math.max(...clock.slept)).toBe(200)
  })

  it('waits at least as long as the server asks', async () => {
    const clock = fakeClock()
    await withRetry(failing(failure({ retryAfterMs: 7000 }), 1), { ...options, clock })
    expect(clock.slept).toEqual([7050])
  })

  it.each([
    ['not retryable', failure({ retryable: false })],
    ['not ours', new TypeError('bug')],
    ['not even an error', 'reason'],
  ])('passes on at once what is %s', async (_, error) => {
    const clock = fakeClock()
    await expect(withRetry(failing(error, 1), { ...options, clock })).rejects.toBe(error)
    expect(clock.slept).toEqual([])
  })

  it('stops at an abort: before, during a wait, and after an attempt', async () => {
    const aborted = AbortSignal.abort('no')
    await expect(withRetry(failing(failure(), 0), { ...options, signal: aborted })).rejects.toBe('no')

    const controller = new AbortController()
    const onRetry = () => controller.abort('during')
    await expect(
      withRetry(failing(failure(), 1), { ...options, clock: fakeClock(), signal: controller.signal, onRetry }),
    ).rejects.toBe('during')
  })
})
