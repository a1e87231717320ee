import { describe, expect, it } from 'vitest'
import { TestClock } from '../../../../src/module-testing/test-clock.js'
import { NoThread } from '../../../../src/modules/threads/module-thread.js'
import { setUpAgain } from '../../../../src/modules/threads/set-up-again.js'

function attempting(attempt: (signal: AbortSignal, number: number) => Promise<void>) {
  const clock = new TestClock()
  const stop = new AbortController()
  const lines: string[] = []
  const say = (text: string) => void lines.push(text)
  /** When each attempt began. */
  const begun: number[] = []
  const counted = (signal: AbortSignal) => {
    begun.push(clock.elapsed())
    return attempt(signal, begun.length)
  }
  const options = { clock, random: () => 1, log: { debug() {}, error() {}, info: say, warn: say }, stop: stop.signal }
  const outcome = setUpAgain(counted, options).then(
    () => 'done',
    (error: unknown) => error,
  )
  return { clock, stop, lines, begun, outcome }
}

describe('setUpAgain', () => {
  it('tries until it succeeds, with growing waits, and warns once a minute', async () => {
    const { clock, begun, lines, outcome } = attempting(async (_, number) => {
      if (number < 9) throw new Error('line 2\nis wrong')
    })
    await clock.pass(600_000)
    expect(await outcome).toBe('done')
    expect(begun).toEqual([0, 1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000, 183_000])
    expect(lines).toEqual([
      expect.stringMatching(/^cannot be set up again, .* tried again in 1000 ms: line 2\S*is wrong$/),
      expect.stringContaining('6 in the last minute'),
      expect.stringContaining('tried again in 60000 ms'),
      'is set up again',
    ])
  })

  it('aborts an attempt that takes longer than a minute, and tries again', async () => {
    const { clock, begun, outcome } = attempting(async (signal, number) => {
      if (number === 1) await new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)))
    })
    await clock.pass(61_000)
    expect(await outcome).toBe('done')
    expect(begun).toEqual([0, 61_000])
  })

  it('gives up where no thread can be made, and when the run ends, also in the middle of an attempt', async () => {
    const noThread = new NoThread('out of memory')
    expect(await attempting(async () => Promise.reject(noThread)).outcome).toBe(noThread)
    for (const attempt of [async () => Promise.reject(new Error('no')), () => new Promise<void>(() => {})]) {
      const { clock, stop, outcome } = attempting(attempt)
      await clock.pass(1)
      stop.abort('ended')
      expect(await outcome).toBe('ended')
      expect(clock.sleeping).toBe(0)
    }
  })
})
