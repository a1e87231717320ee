import { describe, expect, it } from 'vitest'
import { allOutOfReach } from '../../../src/cli/out-of-reach.js'
import { CtStreamError } from '../../../src/errors.js'
import { createTestLog } from '../../../src/testing/index.js'
import type { LogStatus, StreamStatus } from '../../../src/types/stream-status.js'
import { LOG } from '../../support/memory-log.js'
import { settled, VirtualClock } from '../../support/virtual-clock.js'
import { runWith } from './embedded.js'

const lastError = new CtStreamError('CT_HTTP_STATUS', '503', { status: 503 })
const log = (troubleMs: number | undefined) => ({ log: LOG, lastError, troubleMs, headSize: undefined }) as LogStatus

async function watched(seconds: number, statusAt: (second: number) => (number | undefined)[]) {
  const clock = new VirtualClock()
  const began = clock.now()
  const status = () => ({ logs: statusAt((clock.now() - began) / 1000).map(log) }) as unknown as StreamStatus
  const over = new AbortController()
  let outcome: CtStreamError | undefined
  void allOutOfReach({ status, clock, limitMs: 60_000, signal: over.signal }).then((error) => {
    outcome = error
  })
  for (let second = 0; second < seconds; second++) {
    await clock.pass(1000)
    await settled()
  }
  over.abort()
  return outcome
}

describe('allOutOfReach', () => {
  it('waits as long as one log answers, or none has been silent for long', async () => {
    expect(await watched(300, (second) => [second * 1000, undefined])).toBeUndefined()
    expect(await watched(300, (second) => [(second % 50) * 1000])).toBeUndefined()
    expect(await watched(300, () => [])).toBeUndefined()
  })

  it('says why when no log answers', async () => {
    const error = await watched(70, (second) => [second * 1000, second * 1000])
    expect(error).toMatchObject({ code: 'CT_INCOMPLETE' })
    expect(error?.message).toBe(`no log can be read, of 2: ${LOG.description} was not reached in 60 s: 503`)
  })
})

it('ct-stream --limit ends with 1 when its log is never reached', async () => {
  const gone = await createTestLog()
  await gone.close()
  const flags = ['--limit', '5', '--end-patience', '1', '--no-checkpoint', '--quiet']
  const { code, stdout, stderr } = await runWith(['stream', '--log', gone.url, '--key', gone.key, ...flags])
  expect([code, stdout]).toEqual([1, ''])
  expect(stderr).toMatch(
    /^ct-stream: no log can be read: http.*was not reached in 1 s: .*ECONNREFUSED.*nothing listens/m,
  )
})
