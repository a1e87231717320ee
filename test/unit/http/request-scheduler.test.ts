import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { PRIORITY } from '../../../src/http/priority.js'
import { RequestScheduler } from '../../../src/http/request-scheduler.js'
import { LOG } from '../../support/memory-log.js'
import { settled, VirtualClock } from '../../support/virtual-clock.js'

const busy = () => Promise.reject(new CtStreamError('CT_HTTP_STATUS', 'busy', { status: 429, retryAfterMs: 5_000 }))

function schedulerOn(clock: VirtualClock, perLog = 1) {
  const scheduler = new RequestScheduler({ concurrency: { perLog }, clock, random: () => 0.5 })
  const turn = { priority: 0, signal: new AbortController().signal }
  return { scheduler, turn }
}

describe('RequestScheduler', () => {
  it('lets no more requests of one log through than its limit, and those of another log beside them', async () => {
    const { scheduler, turn } = schedulerOn(new VirtualClock())
    const begun: string[] = []
    let end: () => void = () => {}
    const first = scheduler.run(LOG, turn, () => {
      begun.push('first')
      return new Promise<void>((resolve) => {
        end = resolve
      })
    })
    const second = scheduler.run(LOG, turn, async () => begun.push('second'))
    await scheduler.run({ ...LOG, id: 'other' }, turn, async () => begun.push('other'))
    expect(begun).toEqual(['first', 'other'])
    end()
    await Promise.all([first, second])
    expect(begun).toEqual(['first', 'other', 'second'])
  })

  it('gives a request that waits for a rate no place in a queue', async () => {
    const clock = new VirtualClock()
    const { scheduler, turn } = schedulerOn(clock)
    await expect(scheduler.run(LOG, turn, busy)).rejects.toMatchObject({ status: 429 })
    const begun: string[] = []
    const waits = scheduler.run(LOG, turn, async () => begun.push('limited'))
    // The same log, at another address: its queue has a place.
    await scheduler.run({ ...LOG, url: 'https://elsewhere.example.net/' }, turn, async () => begun.push('moved'))
    await settled()
    expect(begun).toEqual(['moved'])
    await clock.pass(60_000)
    await waits
    expect(begun).toEqual(['moved', 'limited'])
  })

  it('leaves every fourth turn at a rate to heads, however many pages wait, and every fourth to the pages of a backlog', async () => {
    const clock = new VirtualClock()
    const { scheduler, turn } = schedulerOn(clock)
    scheduler.restore(LOG.url, { requestsPerSecond: 1, limitedAt: clock.now(), limitedSince: clock.now() - 3_600_000 })
    const order: string[] = []
    const ask = (name: string, priority: number, times: number) =>
      Array.from({ length: times }, () =>
        scheduler.run(LOG, { ...turn, priority }, async () => {
          order.push(name)
        }),
      )
    await Promise.all(ask('first', PRIORITY.head, 1))
    const all = [...ask('head', PRIORITY.head, 3), ...ask('page', PRIORITY.backlog, 9)]
    await clock.pass(60_000)
    await Promise.all(all)
    const round = ['page', 'page', 'page', 'head']
    expect(order).toEqual(['first', ...round, ...round, ...round])
    const rest = [...ask('new', PRIORITY.live, 6), ...ask('old', PRIORITY.backlog, 2)]
    await clock.pass(60_000)
    await Promise.all(rest)
    expect(order.slice(13)).toEqual(['new', ...['new', 'new', 'new', 'old'], ...['new', 'new', 'old']])
  })

  it('returns a learned rate for storing, and continues with it', async () => {
    const clock = new VirtualClock()
    const { scheduler } = schedulerOn(clock)
    expect([scheduler.requestsPerSecond(LOG.url), scheduler.kept(LOG.url)]).toEqual([undefined, undefined])
    scheduler.restore(LOG.url, { requestsPerSecond: 2, limitedAt: clock.now(), limitedSince: clock.now() })
    expect(scheduler.requestsPerSecond(LOG.url)).toBe(2)
    expect(scheduler.kept(LOG.url)).toMatchObject({ requestsPerSecond: 2 })
  })
})
