import { type Profiler, Session } from 'node:inspector'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Watchlist } from '../../../src/watchlist/watchlist.js'

// Not beside the other tests of the watchlist: V8 counts blocks only in functions that have not run before, and those share a process.
const session = new Session()
let watchlist: Watchlist

beforeAll(() => {
  session.connect()
  session.post('Profiler.enable')
  session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  watchlist = Watchlist.of({
    brands: [
      { name: 'PayPal', tokens: ['paypal', 'example'], domains: ['paypal.com'] },
      { name: 'LINE', tokens: ['line'], domains: ['line.me'] },
      { name: 'Bank', tokens: ['bank'], domains: ['bank.example'] },
    ],
  })
})

afterAll(() => session.disconnect())

/** How often blocks of the watchlist ran since the last look: a measure that is no time. */
function blocks(): number {
  let scripts: Profiler.ScriptCoverage[] = []
  // The session is in this very thread: the answer is there when `post` returns.
  session.post('Profiler.takePreciseCoverage', (error, { result }) => {
    if (error) throw error
    scripts = result
  })
  return scripts
    .filter(({ url }) => url.includes('/src/watchlist/'))
    .flatMap(({ functions }) => functions.flatMap(({ ranges }) => ranges.map(({ count }) => count)))
    .reduce((sum, count) => sum + count, 0)
}

function cost(name: string): number {
  blocks()
  watchlist.match(name)
  return blocks()
}

describe('the cost of a name', () => {
  it.each([
    'paypal',
    'paypa1l',
    'paypa1-',
    'paypal.',
    'paypal.com.',
    'pay-pal.',
    'examp1e-',
    'examp1e.',
    'papyal-login-',
    'paypal9999',
    'bank-',
    'bank99',
    'bank.line-',
    'online',
    'onlineline.',
    'rn.paypal-',
    'examplern-',
    'line',
  ])('grows no faster than its length: %s, again and again', (piece) => {
    const ofLength = (length: number) => `${piece.repeat(length).slice(0, length)}.top`
    // Both with more labels than are read otherwise.
    const [small, large] = [cost(ofLength(500)), cost(ofLength(1000))]
    expect(small).toBeGreaterThan(1000)
    // Twice as long; a constant part makes the factor smaller, anything quadratic makes it 4.
    expect(large / small).toBeLessThan(2.5)
  })
})
