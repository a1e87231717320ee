import { describe, expect, it } from 'vitest'
import { TroubleReport } from '../../../../src/cli/terminal/trouble-report.js'
import { CtStreamError } from '../../../../src/errors.js'
import type { LogStatus } from '../../../../src/types/stream-status.js'

const url = 'https://log.example/'
const error = new CtStreamError('CT_HTTP_STATUS', `[GET] "${url}" : 503`, { url, retryable: true })

function log(id: string, troubleMs?: number, retries = 0): LogStatus {
  const info = { id, description: `Log ${id}`, operator: 'o', kind: 'rfc6962', url } as const
  return {
    log: info,
    troubleMs,
    retries,
    headSize: 5,
    lastError: troubleMs === undefined ? undefined : error,
  } as LogStatus
}

/** What is said in a minute by minute course; each step is the time in seconds and the logs. */
function said(...steps: (readonly [seconds: number, ...logs: LogStatus[]])[]): string[][] {
  const report = new TroubleReport()
  return steps.map(([seconds, ...logs]) =>
    report
      .update(logs, seconds * 1000)
      .map(({ message, context }) =>
        [message, ...Object.entries(context).map(([key, value]) => `${key}=${value}`)].join(' '),
      ),
  )
}

const ids = (count: number) => Array.from({ length: count }, (_, i) => `l${i}`)

describe('the report of logs in trouble', () => {
  it('says once that a log is down, and once that it answers again', () => {
    const steps = said(
      [0, log('a'), log('b')],
      [1, log('a'), log('b', 1000, 1)],
      [3, log('a'), log('b', 3000, 2)],
      ...[4, 5, 10, 20].map((at) => [at, log('a'), log('b', at * 1000, at)] as const),
      [30, log('a'), log('b', undefined, 9)],
      [31, log('a'), log('b')],
    )
    expect(steps.flat()).toEqual([
      `no answer: [GET] "${url}" : 503 log=Log b code=CT_HTTP_STATUS url=${url} attempt=1`,
      `answers again after 30 s log=Log b url=${url}`,
    ])
    expect(steps.map((words) => words.length)).toEqual([0, 0, 1, 0, 0, 0, 0, 1, 0])
  })

  it('says that it is still down at growing intervals', () => {
    const report = new TroubleReport()
    const at: number[] = []
    for (let second = 3; second <= 4 * 3600; second++)
      if (report.update([log('a'), log('b', second * 1000)], second * 1000).length > 0) at.push(second)
    expect(at).toEqual([3, 63, 363, 1263, 4863, 8463, 12_063])
    expect(report.isOpen).toBe(true)
  })

  it('says in one line that nothing can be reached, and that it is over', () => {
    const down = (ms: number) => ids(40).map((id) => log(id, ms))
    const steps = said(
      [3, ...down(3000)],
      ...Array.from({ length: 59 }, (_, i) => [4 + i, ...down(4000 + i * 1000)] as const),
      [63, ...down(63_000)],
      [
        64,
        log('l0'),
        ...ids(40)
          .slice(1)
          .map((id) => log(id, 64_000)),
      ],
      [65, ...ids(40).map((id) => log(id))],
    )
    expect(steps.slice(0, 61).flat()).toEqual([
      expect.stringMatching(/^none of 40 logs can be reached: \[GET\] .*; they are tried again code=CT_HTTP_STATUS /),
      expect.stringMatching(/^none of 40 logs can be reached, for 1 m 3 s: /),
    ])
    expect(steps.slice(61, 62).flat()).toEqual(['logs answer again after 1 m 4 s: 1 of 40'])
    expect(steps.slice(62).flat()).toEqual([
      expect.stringMatching(/^39 logs: answer again logs=Log l1, Log l2, Log l3, Log l4 and 35 more$/),
    ])
  })

  it('names some of many that go down together', () => {
    const [words] = said([3, log('well'), ...ids(6).map((id) => log(id, 3000))])
    expect(words).toEqual([
      expect.stringMatching(/^6 logs: no answer, the first: .* logs=Log l0, Log l1, Log l2, Log l3 and 2 more$/),
    ])
  })

  it('forgets a log that is followed no more', () => {
    const report = new TroubleReport()
    report.update([log('a'), log('b', 3000)], 3000)
    expect(report.update([log('a')], 4000)).toEqual([])
    expect(report.isOpen).toBe(false)
  })
})
