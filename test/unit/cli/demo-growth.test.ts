import { describe, expect, it } from 'vitest'
import { keepGrowing } from '../../../src/cli/demo-growth.js'

describe('the growth of the demo', () => {
  it('feeds the logs in turn until it is stopped', async () => {
    const calls: string[] = []
    const stop = new AbortController()
    const log = (name: string) => ({
      add: (certificates: readonly string[]) => calls.push(`${name} ${certificates.join('')}`),
      publish: () => calls.push(`${name} published`),
    })
    let naps = 0
    const clock = {
      now: () => 0,
      sleep: async (ms: number, signal?: AbortSignal) => {
        expect(ms).toBe(250)
        if ((naps += 1) === 3) stop.abort()
        signal?.throwIfAborted()
      },
    }
    const issue = async (n: number) => Array.from({ length: n }, () => 'c')
    const random = () => [0, 0.5, 0.99][naps] ?? 0
    await keepGrowing({ logs: [log('a'), log('b')], issue, clock, signal: stop.signal, random })
    expect(calls).toEqual(['a c', 'a published', 'b ccc', 'b published', 'a cccc', 'a published'])
  })
})
