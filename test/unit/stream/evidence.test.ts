import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import type { TestLog } from '../../../src/testing/index.js'
import type { EvidenceJson } from '../../../src/types/evidence.js'
import { evidenceToJSON } from '../../../src/verify/evidence-json.js'
import { verifyEvidence } from '../../../src/verify/verify-evidence.js'
import { range } from '../../support/follow.js'
import { certificates, grow, logOf } from '../../support/logs.js'
import { passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

const MINUTE = 60_000
const ENTRIES = ['get-entries', 'data-tile'] as const
const HEADS = ['get-sth', 'checkpoint'] as const

/** Everything a log did wrong, from the misdeed to the checked document. */
async function caught(kind: TestLog['kind'], size: number, misbehave: (log: TestLog) => void, withinMs = 10 * MINUTE) {
  const clock = new VirtualClock()
  const log = await logOf(size, { kind, clock, mmd: 86_400 })
  const checkpoint = new MemoryCheckpointStore()
  const reader = await readOn(clock, { logs: [log.spec], checkpoint })
  await reader.until(() => reader.certificates.length === size)
  await clock.pass(10_000)
  misbehave(log)
  await passUntil(clock, () => reader.misbehaviour.length > 0, withinMs)
  await reader.close()
  checkpoint.open()
  const [record] = checkpoint.evidence()
  if (record === undefined) throw new Error('no evidence was stored')
  const document = JSON.parse(JSON.stringify(evidenceToJSON(record))) as EvidenceJson
  return { log, reader, document, verdict: verifyEvidence(document) }
}

describe.each(['rfc6962', 'static-ct'] as const)('evidence against a %s log', (kind) => {
  const contradiction = { holds: true, proves: 'log-signed-contradiction', problems: [], unproven: [] }

  it('that signed two heads of one size is a contradiction of its signatures', async () => {
    const { log, reader, document, verdict } = await caught(kind, 300, (log) => {
      const twin = log.fork(200)
      twin.add(certificates(100))
      twin.publish()
      log.fault({ on: HEADS, from: twin })
    })
    expect(verdict).toMatchObject({ ...contradiction, kind: 'two-roots' })
    expect(document.log).toMatchObject({ id: log.logId, key: log.key, kind, url: log.url })
    expect(document.log.origin).toBe(kind === 'static-ct' ? log.origin : null)
    expect(verdict.verdict).toMatch(
      /^proven by the log's own signatures: .* signed two different trees of 300 entries, at /,
    )
    expect(document.claim).toBe(`${log.url}: fork: the log signed two trees of 300 entries`)
    expect(reader.indexes()).toEqual(range(0, 300))
  })

  it.each([300, 256])('that forked after %d entries is a contradiction, with the proof that shows it', async (size) => {
    const { log, reader, document, verdict } = await caught(kind, size, (log) => {
      const fork = log.fork(200)
      fork.add(certificates(150))
      fork.publish()
      log.fault({ on: '*', from: fork })
    })
    expect(verdict).toMatchObject({ ...contradiction, kind: 'fork' })
    expect(document.proof).toMatchObject({ first: size, second: 350 })
    expect(document.heads.map(({ tree_size }) => tree_size)).toEqual([size, 350])
    expect(verdict.verdict).toContain(`the one of 350 entries does not continue the one of ${size}`)
    expect(reader.indexes(log.logId)).toEqual(range(0, size))
  })

  it('that shows a fork from time to time is a contradiction as well', async () => {
    let reads = 0
    const { reader, verdict } = await caught(kind, 300, (log) => {
      const fork = log.fork(200)
      fork.add(certificates(150))
      fork.publish()
      const isHead = (endpoint: string) => HEADS.some((name) => name === endpoint)
      log.fault({
        on: '*',
        from: fork,
        when: ({ endpoint }) => (isHead(endpoint) ? ++reads : reads) % 3 === 0 && reads > 0,
      })
    })
    expect(verdict).toMatchObject({ ...contradiction, kind: 'fork' })
    expect(reader.indexes()).toEqual(range(0, 300))
  })

  it('that answers every third request out of a fork holds, whichever of its answers it is about', async () => {
    let asked = 0
    const { reader, verdict } = await caught(kind, 300, (log) => {
      const fork = log.fork(200)
      fork.add(certificates(150))
      fork.publish()
      log.fault({ on: '*', from: fork, when: () => asked++ % 3 === 0 })
    })
    expect(verdict).toMatchObject({ holds: true, problems: [] })
    expect(reader.indexes()).toEqual(range(0, 300))
  })

  it('that lost entries is a contradiction of its heads', async () => {
    const { verdict, document } = await caught(kind, 600, (log) => {
      const smaller = log.fork(467)
      smaller.publish()
      log.fault({ on: '*', from: smaller })
    })
    expect(document.heads.map(({ tree_size }) => tree_size)).toEqual([467, 600])
    expect(verdict.verdict).toMatch(/signed a tree of 600 entries, and \d+ s later one of only 467, at /)
    // A front end of an RFC 6962 log may lag: it is accused once that has lasted, which no signature shows.
    expect(verdict).toMatchObject({ holds: true, kind: 'rollback', problems: [] })
    expect(verdict.proves).toBe(kind === 'static-ct' ? 'log-signed-contradiction' : 'observed-only')
  })

  it('with a bit flipped inside the tree names the page, and says that entries are not signed', async () => {
    const { log, reader, document, verdict } = await caught(kind, 256, (log) => {
      grow(log, 344)
      log.fault({
        on: ENTRIES,
        when: ({ path }) => /start=256|data\/001/.test(path),
        flipBit: { in: 'leaf', item: 3, byte: 20 },
      })
    })
    expect(verdict).toMatchObject({ holds: true, proves: 'observed-only', kind: 'wrong-entries', problems: [] })
    expect(verdict.unproven).toEqual(['that the log served these entries: they are not signed'])
    const page = document.entries?.page
    expect(page).toMatchObject({ start: 256, count: 256 })
    expect(page?.url).toBe(
      kind === 'static-ct' ? `${log.url}tile/data/001` : `${log.url}ct/v1/get-entries?start=256&end=511`,
    )
    // What was served is in it, flipped bit and all.
    const [served, honest] = [page?.leafInputs[3] ?? '', log.entry(259).leafInput]
    const flipped = Buffer.from(served, 'base64')
    expect(flipped.equals(honest)).toBe(false)
    flipped[20] = (flipped[20] as number) ^ 1
    expect(flipped.equals(honest)).toBe(true)
    expect(Date.parse(document.recordedAt) - Date.parse(document.since ?? '')).toBeGreaterThanOrEqual(5 * MINUTE)
    expect(reader.indexes()).toEqual(range(0, 256))
  })

  it('whose signatures stop verifying has the answer as it was received', async () => {
    const { log, document, verdict } = await caught(kind, 20, (log) => {
      log.fault({ on: HEADS, flipBit: { in: 'signature', byte: -1 } })
    })
    expect(verdict).toMatchObject({ holds: true, proves: 'observed-only', kind: 'wrong-signature', problems: [] })
    expect(document.answer?.url).toBe(`${log.url}${kind === 'static-ct' ? 'checkpoint' : 'ct/v1/get-sth'}`)
    const body = Buffer.from(document.answer?.body ?? '', 'base64').toString()
    expect(body).toContain(Buffer.from(log.head.rootHash).toString('base64'))
  })

  it('is not stored for proofs that are wrong for a while', async () => {
    const clock = new VirtualClock()
    const log = await logOf(300, { kind, clock, mmd: 86_400 })
    const checkpoint = new MemoryCheckpointStore()
    const reader = await readOn(clock, { logs: [log.spec], checkpoint })
    await reader.until(() => reader.certificates.length === 300)
    const proofs = ['tile', 'get-sth-consistency', 'get-entry-and-proof', 'get-proof-by-hash'] as const
    const lie = log.fault({ on: proofs, flipBit: { in: 'hash', item: 0 } })
    const damage = log.fault({ on: ENTRIES, flipBit: { in: 'leaf', item: 3, byte: 20 } })
    grow(log, 700)
    await clock.pass(3 * MINUTE)
    expect(damage.hits).toBeGreaterThan(0)
    lie.clear()
    damage.clear()
    await passUntil(clock, () => reader.certificates.length === 1000, 10 * MINUTE)
    expect([reader.misbehaviour, reader.indexes()]).toEqual([[], range(0, 1000)])
    await reader.close()
    checkpoint.open()
    expect(checkpoint.evidence()).toEqual([])
  })
})
