import { describe, expect, it } from 'vitest'
import { LearnedLimits } from '../../../../src/poll/learned-limits.js'
import { Condition } from '../../../../src/stream/log/condition.js'
import { sessionRow } from '../../../../src/stream/log/session-row.js'
import type { LogCheckpoint } from '../../../../src/types/checkpoint.js'
import type { SignedHead } from '../../../../src/types/log.js'
import { toBase64 } from '../../../../src/util/bytes.js'
import { Heads } from '../../../../src/verify/heads.js'
import { LOG } from '../../../support/memory-log.js'

const headOf = (treeSize: number): SignedHead => ({
  treeSize,
  timestamp: treeSize,
  rootHash: new Uint8Array(32).fill(treeSize),
  signature: new Uint8Array(4),
})

/** A session that goes on from `stored`, and was opened at `start`. */
function sessionFrom(stored: LogCheckpoint, start: number | undefined) {
  const known = new Heads(LOG, async () => undefined)
  const session = {
    options: { stored, scheduler: { kept: () => undefined } },
    span: { start },
    logHeads: { known, retired: undefined },
    condition: new Condition({ state: () => {}, error: () => {} }),
    limits: new LearnedLimits(undefined),
    window: { fetchedTo: 0 },
    log: LOG,
    listed: { state: 'usable' },
  }
  return { known, row: () => sessionRow(session as never, 5, undefined) }
}

describe('sessionRow', () => {
  const [verified, aside, pending] = [headOf(5), headOf(6), headOf(7)]
  const waited = { [toBase64(aside.rootHash)]: 1000 }
  const stored: LogCheckpoint = {
    ...{ log: LOG, position: 5, range: undefined, verifiedHead: verified, pendingHeads: [aside, pending] },
    learned: { readFrom: 2, unserved: waited, finished: true },
  }

  it('has what the row before had, until the log is opened again: but then it is no longer finished', () => {
    const row = sessionFrom(stored, undefined).row()
    expect(row).toMatchObject({ position: 5, verifiedHead: verified, pendingHeads: [aside, pending] })
    expect(row.learned).toMatchObject({ readFrom: 2, unserved: waited, listed: { state: 'usable' } })
    expect(row.learned).not.toHaveProperty('finished')
  })

  it('has each head once, and none of which the log was accused', async () => {
    const { known, row } = sessionFrom(stored, undefined)
    known.unserved.add(aside, 2000)
    known.disputed = { head: pending }
    known.accuse()
    expect(row().pendingHeads).toEqual([aside])
    expect(row().learned.unserved).toEqual({ [toBase64(aside.rootHash)]: 2000 })
  })

  it('has what this session knows once the log is open', () => {
    const row = sessionFrom(stored, 5).row()
    expect(row).toMatchObject({ verifiedHead: undefined, pendingHeads: [] })
    expect(row.learned).not.toHaveProperty('unserved')
  })
})
