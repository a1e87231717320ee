import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import type { SignedHead } from '../../../src/types/log.js'
import { evidenceOf } from '../../../src/verify/evidence.js'
import { evidenceToJSON } from '../../../src/verify/evidence-json.js'
import { HeldEntries } from '../../../src/verify/held-entries.js'
import { verifyEvidence } from '../../../src/verify/verify-evidence.js'
import { batchOf, LOG } from '../../support/memory-log.js'

/** Kafka and NATS refuse a message above 1 MiB, their headers included. */
const LARGEST_MESSAGE = 1_000_000
const head: SignedHead = {
  treeSize: 12_000,
  timestamp: 5,
  rootHash: Buffer.alloc(32, 1),
  signature: Buffer.from([4, 3, 0, 1, 9]),
}
const mismatch = new CtStreamError('CT_ROOT_MISMATCH', 'entries do not match', { index: 11_000 })

/** Evidence of 12,000 entries in pages of 1,000 that do not hash to the root of `head`. */
function recordOf(leafBytes: (index: number) => number, proof?: readonly Uint8Array[]) {
  const held = new HeldEntries<undefined>(CompactRange.empty)
  const leaf = (index: number) => Buffer.alloc(leafBytes(index), index)
  for (let start = 0; start < 12_000; start += 1000) held.hold(batchOf(start, 1000, leaf), undefined)
  return evidenceOf({ log: LOG, error: mismatch }, { disputed: { head, proof }, newest: head, verified: head }, held, 9)
}

const bytesOf = (value: unknown) => Buffer.byteLength(JSON.stringify(value))

describe('a record of evidence', () => {
  it('fits into a message of every engine, with as many leaves as there is room for', () => {
    const record = recordOf(() => 1500)
    expect(bytesOf(record)).toBeLessThan(LARGEST_MESSAGE)
    const { entries } = evidenceToJSON(record)
    expect(entries?.leafHashes).toHaveLength(10_000)
    expect(entries?.page).toMatchObject({ start: 11_000, count: 1000 })
    const kept = entries?.page?.leafInputs ?? []
    expect(kept.length).toBeGreaterThan(50)
    expect(kept.length).toBeLessThan(1000)
    expect(verifyEvidence(evidenceToJSON(record)).unproven).toContain(
      'that they do not fit: not all that it takes to compare them was recorded',
    )
  })

  it('has no leaf where the first one has no room, and is still one', () => {
    const record = recordOf((index) => (index === 11_000 ? 700_000 : 20))
    expect(bytesOf(record)).toBeLessThan(LARGEST_MESSAGE)
    expect(evidenceToJSON(record).entries?.page).toMatchObject({ start: 11_000, count: 1000, leafInputs: [] })
  })

  it('has no proof that is longer than any can be', () => {
    const small = () => 20
    const hashes = (count: number) => Array.from({ length: count }, () => Buffer.alloc(32, 7))
    expect(recordOf(small, hashes(64)).detail.proof).toHaveLength(64)
    const record = recordOf(small, hashes(50_000))
    expect(bytesOf(record)).toBeLessThan(LARGEST_MESSAGE)
    expect(record.detail.proof).toBeUndefined()
  })
})
