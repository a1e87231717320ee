import { expect, it } from 'vitest'
import { backfill, logOf } from '../../support/logs.js'

/** Counts turns of the event loop until the test is over. */
function countTurns(): { readonly now: number; stop(): void } {
  let now = 0
  let timer = setImmediate(turn)
  function turn() {
    now++
    timer = setImmediate(turn)
  }
  return {
    get now() {
      return now
    },
    stop: () => clearImmediate(timer),
  }
}

it.each(['pages', 'entries'])(
  'requests and timers run between two pages, although both are at hand: %s',
  async (how) => {
    const log = await logOf(256 * 12, { kind: 'static-ct' })
    const stream = backfill(log)
    const turns = countTurns()
    const seen: number[] = []
    const see = async (page: number) => {
      // The first one is kept until all others have been received.
      if (seen[0] === undefined) while (log.requests.length < 13 || turns.now < 2000) await new Promise(setImmediate)
      seen[page] = turns.now
    }
    if (how === 'pages') for await (const [first] of stream.batches()) await see(Math.floor((first?.index ?? 0) / 256))
    else for await (const { index } of stream) if (index % 256 === 0) await see(index / 256)
    turns.stop()
    expect(seen).toHaveLength(12)
    for (let page = 1; page < 12; page++) expect(seen[page]).toBeGreaterThan(seen[page - 1] as number)
  },
)
