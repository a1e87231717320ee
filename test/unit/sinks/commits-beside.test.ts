import { describe, expect, it } from 'vitest'
import { CommitsBeside } from '../../../src/sinks/commits-beside.js'
import { quietController } from '../../../src/util/abort.js'
import { steppingClock } from '../../support/fast-clock.js'

describe('commits of what a filter drops', () => {
  /** Times of commits, seconds, in five minutes. @param readEach - How many entries are read in a second. */
  async function commitsOf(appended: boolean, readEach = 0): Promise<readonly number[]> {
    const stop = quietController()
    const clock = steppingClock(0)
    const seconds = () => clock.elapsed?.() ?? 0
    const at: number[] = []
    const commits = new CommitsBeside({ commit: async () => void at.push(seconds() / 1000) }, () => {})
    const sleep: typeof clock.sleep = async (ms, signal) => {
      if (seconds() >= 300_000) stop.abort()
      await clock.sleep(ms, signal)
    }
    const read = appended ? () => (seconds() / 1000) * readEach : undefined
    await commits.keepPassing({ ...clock, sleep }, stop.signal, read)
    return at
  }

  it('are made every second where a position replaces the one before', async () => {
    expect(await commitsOf(false)).toEqual(Array.from({ length: 300 }, (_, i) => i + 1))
  })

  it('are made every minute where each position is appended', async () => {
    expect(await commitsOf(true)).toEqual([60, 120, 180, 240, 300])
  })

  it('are made after 100,000 entries there, so that few are read again after a crash', async () => {
    expect((await commitsOf(true, 20_000)).slice(0, 3)).toEqual([5, 10, 15])
  })
})
