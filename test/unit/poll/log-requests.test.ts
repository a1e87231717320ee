import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import type { RequestOptions } from '../../../src/logs/client.js'
import { LogRequests } from '../../../src/poll/log-requests.js'
import type { Clock } from '../../../src/types/clock.js'
import type { SignedHead } from '../../../src/types/log.js'
import { steppingClock } from '../../support/fast-clock.js'
import { batchOf, LOG, stubClient } from '../../support/memory-log.js'
import { settled, VirtualClock } from '../../support/virtual-clock.js'

type Schedule = NonNullable<RequestOptions['schedule']>
const HEAD: SignedHead = { treeSize: 5, timestamp: 1, rootHash: new Uint8Array(32), signature: new Uint8Array(4) }
const busy = (status: number, retryAfterMs?: number) =>
  new CtStreamError('CT_HTTP_STATUS', `status ${status}`, { status, retryable: true, retryAfterMs })

function requestsOver<C extends Clock>(
  client: Parameters<typeof stubClient>[0],
  clock: C,
  { keyHasVerified = true } = {},
) {
  const failures: CtStreamError[] = []
  let recoveries = 0
  const stop = new AbortController()
  const requests = new LogRequests(stubClient(client), {
    schedule: (request) => request(),
    clock,
    random: () => 0.5,
    signal: stop.signal,
    keyHasVerified,
    onAnswer: () => {},
    onFailure: (error) => failures.push(error),
    onRecovery: () => recoveries++,
  })
  return { requests, clock, failures, stop, recoveries: () => recoveries }
}

/** Answers for entries that take a turn of the event loop, and how many of them were under way at once. */
function countedEntries(status: number) {
  let underWay = 0
  const counted = {
    most: 0,
    isFailing: true,
    entries: async (start: number) => {
      counted.most = Math.max(counted.most, ++underWay)
      await new Promise((resolve) => setImmediate(resolve))
      underWay--
      if (counted.isFailing) throw busy(status)
      return batchOf(start, 1)
    },
  }
  return counted
}

const requestsOn = (client: Parameters<typeof stubClient>[0]) => requestsOver(client, steppingClock())

describe('LogRequests', () => {
  it('asks until it gets an answer, with growing waits', async () => {
    let left = 6
    const { requests, clock, failures, recoveries } = requestsOn({
      head: ({ schedule } = {}) =>
        (schedule as Schedule)(() => (left-- > 0 ? Promise.reject(busy(503)) : Promise.resolve(HEAD))),
    })
    expect(await requests.head()).toBe(HEAD)
    expect(failures).toHaveLength(6)
    expect(recoveries()).toBe(1)
    expect(clock.slept).toEqual([...clock.slept].sort((a, b) => a - b))
    expect(requests.retries).toBe(6)
    expect(requests.requests).toBe(7)
  })

  it('waits at least as long as it was asked to', async () => {
    let left = 1
    const { requests, clock } = requestsOn({
      head: () => (left-- > 0 ? Promise.reject(busy(429, 45_000)) : Promise.resolve(HEAD)),
    })
    await requests.head()
    expect(clock.slept[0]).toBeGreaterThanOrEqual(45_000)
  })

  it('does not repeat what disproves something', async () => {
    const { requests, failures } = requestsOn({
      head: () => Promise.reject(new CtStreamError('CT_HEAD_SIGNATURE', 'bad')),
    })
    await expect(requests.head()).rejects.toMatchObject({ code: 'CT_HEAD_SIGNATURE' })
    expect(failures).toEqual([])
  })

  it('takes a signature that never verified for a wrong key, and keeps trying', async () => {
    const answers = ['wrong', 'wrong', 'right', 'wrong']
    const head = () =>
      answers.shift() === 'right'
        ? Promise.resolve(HEAD)
        : Promise.reject(new CtStreamError('CT_HEAD_SIGNATURE', 'bad', { retryable: true }))
    const { requests, failures } = requestsOver({ head }, steppingClock(), { keyHasVerified: false })
    expect(await requests.head()).toBe(HEAD)
    expect(failures.map(({ code }) => code)).toEqual(['CT_KEY_MISMATCH', 'CT_KEY_MISMATCH'])
    expect(failures[0]?.message).toMatch(/^https:\/\/log\.example\.net\/: no head verifies with the key given.*--key/)
    // The key was right, then: now it is the answer that is wrong.
    await expect(requests.head()).rejects.toMatchObject({ code: 'CT_HEAD_SIGNATURE' })
  })

  it('goes on asking a log whose first head fails for hours', async () => {
    let left = 200
    const { requests, clock } = requestsOn({
      head: () => (left-- > 0 ? Promise.reject(busy(404)) : Promise.resolve(HEAD)),
    })
    expect(await requests.head()).toBe(HEAD)
    expect(Math.max(...clock.slept)).toBeLessThanOrEqual(60_000)
  })

  // Issue 9: 410 for 6 s cost a backfill more than a minute.
  it.each([400, 404, 410, 503])('has answers again seconds after a log that said %i for 6 s', async (status) => {
    const clock = new VirtualClock()
    const began = clock.now()
    const entries = async (start: number) => {
      await settled()
      if (clock.now() - began >= 6_000) return batchOf(start, 1)
      throw new CtStreamError('CT_HTTP_STATUS', `status ${status}`, { status, retryable: status === 503 })
    }
    const { requests } = requestsOver({ entries }, clock)
    const read: number[] = []
    for (let i = 0; i < 4; i++) void requests.entries(i, i + 1).then(({ start }) => read.push(start))
    for (let second = 0; second < 12; second++) await clock.pass(1_000)
    expect(read.sort()).toEqual([0, 1, 2, 3])
  })

  it('retries a missing resource ever less often', async () => {
    let left = 40
    const { requests, clock } = requestsOn({
      head: () => {
        if (left-- === 0) return Promise.resolve(HEAD)
        return Promise.reject(new CtStreamError('CT_HTTP_STATUS', 'gone', { status: 410 }))
      },
    })
    await requests.head()
    expect(clock.slept[0]).toBeLessThanOrEqual(500)
    expect(Math.max(...clock.slept)).toBeGreaterThan(400_000)
    expect(Math.max(...clock.slept)).toBeLessThanOrEqual(900_000)
  })

  it('asks a log that has moved at once, and begins its waits anew', async () => {
    const clock = new VirtualClock()
    const gone = () => Promise.reject(new CtStreamError('CT_HTTP_STATUS', 'gone', { status: 410 }))
    const { requests, failures } = requestsOver({ entries: gone, head: gone }, clock)
    const read: number[] = []
    for (let i = 0; i < 4; i++) void requests.entries(i, i + 1).then(({ start }) => read.push(start))
    await clock.pass(4 * 3_600_000)
    const isFailing = { left: 1 }
    const entries = async (start: number) => (isFailing.left-- > 0 ? gone() : batchOf(start, 1))
    const url = 'https://elsewhere.example.net/'
    const before = failures.length
    requests.moveTo({ ...stubClient({ entries }), log: { ...LOG, url } })
    await clock.pass(1_000)
    expect([read.sort(), failures.length - before]).toEqual([[0, 1, 2, 3], 1])
  })

  it('does not wait for what was asked where a log has been', async () => {
    const aborted: unknown[] = []
    const hanging = (_start: number, _end: number, { signal }: RequestOptions = {}) =>
      new Promise<never>((_resolve, reject) => {
        signal?.addEventListener('abort', () => reject(aborted.push(signal.reason)))
      })
    const { requests, failures, recoveries } = requestsOn({ entries: hanging })
    const read = requests.entries(3, 4)
    await settled()
    // The log is where it was: nothing is asked twice.
    requests.moveTo(stubClient({ entries: hanging }))
    expect(aborted).toHaveLength(0)
    const entries = async (start: number) => batchOf(start, 1)
    requests.moveTo({ ...stubClient({ entries }), log: { ...LOG, url: 'https://elsewhere.example.net/' } })
    expect((await read).start).toBe(3)
    expect([aborted.length, failures.length, recoveries()]).toEqual([1, 0, 0])
  })

  it('asks one thing at a time of a log that keeps failing, and all again when it answers', async () => {
    const counted = countedEntries(500)
    const { requests } = requestsOn(counted)
    const all = Promise.all(Array.from({ length: 8 }, (_, i) => requests.entries(i, i + 1)))
    while (requests.retries < 40) await new Promise((resolve) => setImmediate(resolve))
    counted.most = 0
    while (requests.retries < 60) await new Promise((resolve) => setImmediate(resolve))
    expect(counted.most).toBe(1)
    counted.isFailing = false
    expect((await all).map((batch) => batch.start)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  })

  it('lets a request give up while another one is tried in its place', async () => {
    const { requests } = requestsOn({ entries: () => Promise.reject(busy(500)), head: () => new Promise(() => {}) })
    const failing = new AbortController()
    const entries = requests.entries(0, 1, { signal: failing.signal })
    while (requests.retries < 4) await new Promise((resolve) => setImmediate(resolve))
    failing.abort(new Error('no more'))
    await expect(entries).rejects.toThrow('no more')

    void requests.head()
    const [stop, reason] = [new AbortController(), new Error('enough')]
    const waiting = requests.entries(1, 2, { signal: stop.signal })
    await new Promise((resolve) => setImmediate(resolve))
    stop.abort(reason)
    await expect(waiting).rejects.toBe(reason)
  })

  it('opens no circuit breaker for an answer that asks to slow down', async () => {
    const counted = countedEntries(429)
    const { requests } = requestsOn(counted)
    const all = Promise.all(Array.from({ length: 4 }, (_, i) => requests.entries(i, i + 1)))
    while (requests.retries < 40) await new Promise((resolve) => setImmediate(resolve))
    expect(counted.most).toBeGreaterThan(1)
    counted.isFailing = false
    await all
  })

  it('ends with the reason of the abort', async () => {
    const { requests, stop } = requestsOn({ head: () => Promise.reject(busy(503)) })
    const asking = requests.head()
    const reason = new Error('enough')
    stop.abort(reason)
    await expect(asking).rejects.toBe(reason)
  })
})
