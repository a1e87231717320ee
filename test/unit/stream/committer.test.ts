import { expect, it } from 'vitest'
import { Committer } from '../../../src/stream/committer.js'

it('fails with what a clock that cannot wait rejects with, and does not go on without a pause', async () => {
  const reason = new Error('this clock does not sleep')
  const clock = {
    now: () => 0,
    slept: 0,
    sleep: () => (++clock.slept > 100 ? new Promise<void>(() => {}) : Promise.reject(reason)),
  }
  const committer = new Committer({
    store: { commit: () => {} } as never,
    policy: { everyMs: 1000 },
    clock,
    settle: () => {},
    checkpoints: () => [],
    onCommit: () => {},
    onError: () => {},
  } as never)
  await expect(committer.run(new AbortController().signal)).rejects.toBe(reason)
  expect(clock.slept).toBe(1)
})
