import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { Logger } from '../../../src/types/clock.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { fastClock } from '../../support/fast-clock.js'
import { take } from '../../support/follow.js'
import { backfill, grow, logOf } from '../../support/logs.js'

/** What is warned of, with its context. */
function warnings(): { readonly logger: Logger; readonly said: [string, unknown][] } {
  const said: [string, unknown][] = []
  return { said, logger: { debug() {}, info() {}, warn: (...warning) => said.push(warning as never), error() {} } }
}

const ofStart = (said: [string, unknown][]) => said.filter(([message]) => message.includes('`start`'))

describe('a start', () => {
  const read = async () => {
    const log = await logOf(20, { description: 'here before' })
    const checkpoint = new MemoryCheckpointStore()
    await take(backfill(log, { checkpoint, start: { index: 3 } }))
    return { log, checkpoint }
  }

  it('that a checkpoint overrules is reported as ignored, once, with advice', async () => {
    const { log, checkpoint } = await read()
    const added = await logOf(7)
    grow(log, 2)
    const { logger, said } = warnings()
    const options: CtStreamOptions = { logs: [log.spec, added.spec], start: 'beginning', checkpoint, logger }
    expect(await take(backfill(log, options))).toHaveLength(2 + 7)
    expect(ofStart(said)).toEqual([
      [
        '`start` is ignored for 1 of 2 logs, which go on where the checkpoint or the cursor has them; to read them anew, ' +
          'use another checkpoint file or none (`checkpoint: false`, --no-checkpoint)',
        { positions: 'here before: 20' },
      ],
    ])
  })

  it('that a cursor overrules is reported as ignored', async () => {
    const { log } = await read()
    const [first] = await take(backfill(log), 1)
    const { logger, said } = warnings()
    await take(backfill(log, { resume: first?.cursor ?? '', logger }))
    expect(ofStart(said)).toEqual([
      [expect.stringMatching(/^`start` is ignored for 1 of 1 logs/), { positions: 'here before: 1' }],
    ])
  })

  it('that was not given, or that is used, is not reported', async () => {
    const { log, checkpoint } = await read()
    const { logger, said } = warnings()
    await take(ctStream({ logs: [log.spec], end: 'head', checkpoint, logger, clock: fastClock() }))
    await take(backfill(log, { start: 'beginning', logger }))
    expect(ofStart(said)).toEqual([])
  })
})
