import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import type { TestLog, TestLogFork } from '../../../src/testing/index.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { range } from '../../support/follow.js'
import { certificates, grow, logOf } from '../../support/logs.js'
import type { Reader } from '../../support/reader.js'
import { outcomeOf, passUntil, readOn, VirtualClock } from '../../support/virtual-stream.js'

const ENTRIES = ['get-entries', 'data-tile'] as const
const MINUTE = 60_000
const flipBit = { in: 'leaf', item: 3, byte: 20 } as const
const CONTINUE = { onMisbehaviour: 'continue-unverified' } as const

/** Indexes of what was delivered as proven, and as not. */
function byProof({ certificates }: Reader) {
  const of = (verified: boolean) => certificates.filter((cert) => cert.verified === verified).map(({ index }) => index)
  return { verified: of(true), unverified: of(false) }
}

/** What the entry says of not being proven. */
const saidOf = ({ certificates }: Reader, index: number) =>
  certificates
    .find((cert) => cert.index === index)
    ?.problems.filter(({ code }) => code === 'entry-unverified')
    .map(({ field, message }) => `${field}: ${message}`)

/** Every certificate delivered is that of the log, byte for byte, where it says that it is proven. */
async function expectProven({ certificates }: Reader, log: TestLog, clock: VirtualClock): Promise<void> {
  log.clearFaults()
  const honest = await readOn(clock, { logs: [log.spec] })
  await passUntil(clock, () => honest.certificates.length === log.size, 5 * MINUTE)
  for (const { verified, index, leafInput } of certificates)
    if (verified) expect(leafInput).toEqual(honest.certificates[index]?.leafInput)
  await honest.close()
}

function growFork(fork: TestLogFork, count: number): void {
  fork.add(certificates(count))
  fork.publish()
}

function stored(checkpoint: MemoryCheckpointStore) {
  checkpoint.open()
  const [row] = checkpoint.load()
  const evidence = checkpoint.evidence().map(({ code }) => code)
  checkpoint.close()
  return { row, evidence }
}

describe.each(['rfc6962', 'static-ct'] as const)('a %s log', (kind) => {
  const open = async (count: number, options: CtStreamOptions) => {
    const clock = new VirtualClock()
    const log = await logOf(count, { kind, clock, mmd: 86_400 })
    const checkpoint = new MemoryCheckpointStore()
    const read = (more: CtStreamOptions = {}) => readOn(clock, { logs: [log.spec], checkpoint, ...options, ...more })
    return { clock, log, checkpoint, read }
  }

  describe('that serves a page that is not of its tree', () => {
    const damaged = (log: TestLog) =>
      log.fault({ on: ENTRIES, when: ({ path }) => /start=256|data\/001/.test(path), flipBit })

    it('is stopped there by default', async () => {
      const { clock, log, read } = await open(1000, {})
      damaged(log)
      const reader = await read()
      await passUntil(clock, () => reader.misbehaviour.length > 0, 8 * MINUTE)
      await clock.pass(10 * MINUTE)
      expect(byProof(reader)).toEqual({ verified: range(0, 256), unverified: [] })
      expect(reader.stream.status().logs[0]?.unverified).toBe(0)
    })

    it('is read on once it was accused: that page unverified, the others verified', async () => {
      const { clock, log, read, checkpoint } = await open(1000, CONTINUE)
      const lie = damaged(log)
      const reader = await read()
      await clock.pass(4 * MINUTE + 30_000)
      expect(byProof(reader)).toEqual({ verified: range(0, 256), unverified: [] })
      await passUntil(clock, () => reader.certificates.length === 1000, 5 * MINUTE)
      expect(byProof(reader)).toEqual({
        verified: [...range(0, 256), ...range(512, 1000)],
        unverified: range(256, 512),
      })
      expect(reader.indexes()).toEqual(range(0, 1000))
      await expectProven(reader, log, clock)
      expect(reader.misbehaviour.map(({ error }) => error.code)).toEqual(['CT_ROOT_MISMATCH'])
      expect(saidOf(reader, 300)).toEqual([
        'verified: not proven: delivered after the log was accused of CT_ROOT_MISMATCH',
      ])
      expect([saidOf(reader, 255), saidOf(reader, 512)]).toEqual([[], []])
      expect(reader.certificates.map((cert) => cert.toJSON().verified)).toEqual(
        reader.certificates.map((cert) => cert.verified),
      )
      expect(reader.stream.status().logs[0]).toMatchObject({ state: 'live', unverified: 256, verifiedSize: 1000 })

      lie.clear()
      grow(log, 10)
      await passUntil(clock, () => reader.certificates.length === 1010, 5 * MINUTE)
      expect(byProof(reader).verified.slice(-10)).toEqual(range(1000, 1010))
      reader.stream.acknowledge()
      await reader.close()
      expect(stored(checkpoint)).toMatchObject({ row: { position: 1010 }, evidence: ['CT_ROOT_MISMATCH'] })
      expect(stored(checkpoint).row?.range).toBeDefined()
    })

    it('goes on after a restart in between, from a position that nothing is proven of', async () => {
      const { clock, log, read, checkpoint } = await open(300, CONTINUE)
      const lie = damaged(log)
      const first = await read()
      // Tiles and proofs, too: there is no proven range to go on from.
      await passUntil(clock, () => first.certificates.length === 256, MINUTE)
      const proofs = log.fault({
        on: ['tile', 'get-sth-consistency', 'get-entry-and-proof'],
        flipBit: { in: 'hash', item: 0 },
      })
      await passUntil(clock, () => first.certificates.length === 300, 10 * MINUTE)
      expect(byProof(first).unverified).toEqual(range(256, 300))
      first.stream.acknowledge()
      await first.close()
      const { row } = stored(checkpoint)
      expect(row).toMatchObject({ position: 300, range: undefined })
      expect(row?.verifiedHead?.treeSize).toBe(300)

      lie.clear()
      proofs.clear()
      grow(log, 20)
      const again = await read()
      await passUntil(clock, () => again.certificates.length === 20, 5 * MINUTE)
      expect(byProof(again)).toEqual({ verified: range(300, 320), unverified: [] })
      await expectProven(again, log, clock)
      expect(again.misbehaviour).toEqual([])
    })
  })

  it('that serves nothing but damaged entries is accused once, and its evidence stored once', async () => {
    const { clock, log, read, checkpoint } = await open(512, CONTINUE)
    const reader = await read()
    await reader.until(() => reader.certificates.length === 512)
    const lie = log.fault({ on: ENTRIES, flipBit: { in: 'leaf', item: 0, byte: 20 } })
    grow(log, 512)
    await passUntil(clock, () => reader.certificates.length === 1024, 15 * MINUTE)
    // Far apart, so that no doubt seems to have passed meanwhile.
    for (const size of [1280, 1536]) {
      await clock.pass(10 * MINUTE)
      expect(reader.state(log.logId)).toBe('misbehaving')
      grow(log, 256)
      await passUntil(clock, () => reader.certificates.length === size, 5 * MINUTE)
    }
    expect(byProof(reader)).toEqual({ verified: range(0, 512), unverified: range(512, 1536) })
    expect(reader.indexes()).toEqual(range(0, 1536))
    expect(reader.misbehaviour).toHaveLength(1)
    expect(reader.stream.status().logs[0]).toMatchObject({ state: 'misbehaving', unverified: 1024 })
    lie.clear()
    grow(log, 10)
    await passUntil(clock, () => reader.certificates.length === 1546, 5 * MINUTE)
    expect(byProof(reader).verified).toEqual([...range(0, 512), ...range(1536, 1546)])
    expect(reader.state(log.logId)).toBe('live')
    await reader.close()
    expect(stored(checkpoint).evidence).toEqual(['CT_ROOT_MISMATCH'])
  })

  describe('that signs a fork', () => {
    /** The log read to its end, which then shows another tree. */
    const forked = async (options: CtStreamOptions) => {
      const parts = await open(300, options)
      const { log, read, clock } = parts
      const reader = await read()
      await reader.until(() => reader.certificates.length === 300)
      await clock.pass(1000)
      const fork = log.fork(200)
      fork.add(certificates(150))
      fork.publish()
      return { ...parts, reader, fork, lie: log.fault({ on: '*', from: fork }) }
    }

    it('is stopped by default', async () => {
      const { clock, reader, fork } = await forked({})
      await passUntil(clock, () => reader.misbehaviour.length > 0, MINUTE)
      growFork(fork, 100)
      await clock.pass(10 * MINUTE)
      expect(byProof(reader)).toEqual({ verified: range(0, 300), unverified: [] })
    })

    it('is read on, unverified, until it is the proven tree that grows past what was delivered', async () => {
      const { clock, log, reader, fork, lie, checkpoint } = await forked(CONTINUE)
      await passUntil(clock, () => reader.certificates.length === 350, MINUTE)
      growFork(fork, 100)
      await passUntil(clock, () => reader.certificates.length === 450, 5 * MINUTE)
      expect(byProof(reader)).toEqual({ verified: range(0, 300), unverified: range(300, 450) })
      expect(saidOf(reader, 449)?.[0]).toContain('CT_HEAD_CONFLICT')
      expect(reader.misbehaviour.map(({ error }) => error.code)).toEqual(['CT_HEAD_CONFLICT'])
      expect(reader.stream.status().logs[0]).toMatchObject({ state: 'misbehaving', unverified: 150, verifiedSize: 300 })

      lie.clear()
      grow(log, 100)
      await clock.pass(5 * MINUTE)
      expect(reader.certificates).toHaveLength(450)
      grow(log, 100)
      await passUntil(clock, () => reader.certificates.length === 500, 5 * MINUTE)
      expect(byProof(reader)).toEqual({
        verified: [...range(0, 300), ...range(450, 500)],
        unverified: range(300, 450),
      })
      await expectProven(reader, log, clock)
      expect(reader.state(log.logId)).toBe('live')
      await reader.close()
      expect(stored(checkpoint).evidence).toEqual(['CT_HEAD_CONFLICT'])
    })

    it('never becomes the proven one by a restart', async () => {
      const { clock, log, reader, fork, lie, checkpoint, read } = await forked(CONTINUE)
      await passUntil(clock, () => reader.certificates.length === 350, MINUTE)
      reader.stream.acknowledge()
      await reader.close()
      const { row } = stored(checkpoint)
      expect(row).toMatchObject({ position: 350, range: undefined, verifiedHead: { treeSize: 300 } })

      growFork(fork, 50)
      const again = await read()
      await passUntil(clock, () => again.certificates.length === 50, 5 * MINUTE)
      growFork(fork, 50)
      await passUntil(clock, () => again.certificates.length === 100, 5 * MINUTE)
      expect(byProof(again)).toEqual({ verified: [], unverified: range(350, 450) })
      again.stream.acknowledge()
      await again.close()
      expect(stored(checkpoint).row).toMatchObject({ position: 450, range: undefined, verifiedHead: { treeSize: 300 } })

      lie.clear()
      grow(log, 200)
      const healed = await read()
      await passUntil(clock, () => healed.certificates.length === 50, 5 * MINUTE)
      expect(byProof(healed)).toEqual({ verified: range(450, 500), unverified: [] })
      await healed.close()
      await expectProven(healed, log, clock)
      // Each run met another signed head of the fork.
      expect(stored(checkpoint).evidence).toEqual(['CT_HEAD_CONFLICT', 'CT_HEAD_CONFLICT'])
    })

    it('while its backlog is read is read on unverified, and verified from where it agrees again', async () => {
      const { clock, log, read } = await open(2500, CONTINUE)
      const stuck = log.fault({ on: ENTRIES, after: 6, status: 503 })
      const reader = await read()
      await passUntil(clock, () => stuck.hits > 0, MINUTE)
      const fork = log.fork(200)
      fork.add(certificates(2600))
      fork.publish()
      const lie = log.fault({ on: '*', from: fork })
      stuck.clear()
      await passUntil(clock, () => reader.misbehaviour.length > 0 && reader.certificates.length >= 2500, 15 * MINUTE)
      await passUntil(clock, () => reader.certificates.length === 2800, 15 * MINUTE)
      const { verified, unverified } = byProof(reader)
      expect([...verified, ...unverified]).toEqual(range(0, 2800))
      expect(unverified).not.toEqual([])
      expect(reader.misbehaviour).toHaveLength(1)
      lie.clear()
      grow(log, 400)
      await passUntil(clock, () => reader.certificates.length === 2900, 5 * MINUTE)
      expect(byProof(reader).verified).toEqual([...verified, ...range(2800, 2900)])
      await expectProven(reader, log, clock)
    })

    it('is read with `signatures-only`, too', async () => {
      const { clock, reader } = await forked({ ...CONTINUE, verify: 'signatures-only' })
      await passUntil(clock, () => reader.certificates.length === 350, 2 * MINUTE)
      expect(byProof(reader)).toEqual({ verified: [], unverified: range(0, 350) })
    })
  })

  it('that signs two trees of one size delivers none of either twice, and goes on by the tree it proves', async () => {
    const { clock, log, read } = await open(300, CONTINUE)
    const reader = await read()
    await reader.until(() => reader.certificates.length === 300)
    const twin = log.fork(200)
    twin.add(certificates(100))
    twin.publish()
    const lie = log.fault({ on: '*', from: twin })
    await passUntil(clock, () => reader.misbehaviour.length > 0, MINUTE)
    await clock.pass(5 * MINUTE)
    expect(reader.indexes()).toEqual(range(0, 300))
    growFork(twin, 20)
    await passUntil(clock, () => reader.certificates.length === 320, 5 * MINUTE)
    lie.clear()
    grow(log, 40)
    await passUntil(clock, () => reader.certificates.length === 340, 5 * MINUTE)
    expect(byProof(reader)).toEqual({
      verified: [...range(0, 300), ...range(320, 340)],
      unverified: range(300, 320),
    })
    expect(reader.misbehaviour).toHaveLength(1)
  })

  it('that lost entries and goes on by another tree is read on past what was delivered, unverified', async () => {
    const { clock, log, read } = await open(600, CONTINUE)
    const reader = await read()
    await reader.until(() => reader.certificates.length === 600)
    await clock.pass(10 * MINUTE)
    const fork = log.fork(467)
    fork.publish()
    log.fault({ on: '*', from: fork })
    await passUntil(clock, () => reader.misbehaviour.length > 0, MINUTE)
    await clock.pass(5 * MINUTE)
    expect(reader.indexes()).toEqual(range(0, 600))
    growFork(fork, 200)
    await passUntil(clock, () => reader.certificates.length === 667, 5 * MINUTE)
    expect(byProof(reader)).toEqual({ verified: range(0, 600), unverified: range(600, 667) })
    expect(reader.misbehaviour.map(({ error }) => error.code)).toEqual(['CT_HEAD_ROLLBACK'])
    expect(reader.stream.status().logs[0]?.verifiedSize).toBe(600)
  })

  it('whose heads are not signed by its key delivers nothing, whatever it serves', async () => {
    const { clock, log, read } = await open(300, CONTINUE)
    const reader = await read()
    await reader.until(() => reader.certificates.length === 300)
    log.fault({ on: ['get-sth', 'checkpoint'], flipBit: { in: 'signature', byte: -5 } })
    grow(log, 100)
    await passUntil(clock, () => reader.misbehaviour.length > 0, 10 * MINUTE)
    await clock.pass(10 * MINUTE)
    expect(byProof(reader)).toEqual({ verified: range(0, 300), unverified: [] })
  })

  it('that forks ends a stream with an end that it reaches unverified', async () => {
    const { clock, log, read } = await open(300, CONTINUE)
    const reader = await read({ end: { index: 340 } })
    const outcome = outcomeOf(reader)
    await reader.until(() => reader.certificates.length === 300)
    const fork = log.fork(200)
    fork.add(certificates(150))
    fork.publish()
    log.fault({ on: '*', from: fork })
    await passUntil(clock, () => outcome() !== undefined, 5 * MINUTE)
    expect([outcome(), reader.indexes(), reader.gaps]).toEqual(['end', range(0, 340), []])
    expect(byProof(reader).unverified).toEqual(range(300, 340))
  })
})

describe('with dedupe', () => {
  it('an entry that was not proven suppresses no other', async () => {
    const clock = new VirtualClock()
    const shared = certificates(20)
    const [liar, sound] = [await logOf(300, { clock, mmd: 86_400 }), await logOf(5, { clock })]
    const options = { dedupe: 'certificate', ...CONTINUE } as const
    const reader = await readOn(clock, { logs: [liar.spec, sound.spec], ...options })
    await reader.until(() => reader.certificates.length === 305)
    await clock.pass(1000)
    const fork = liar.fork(200)
    fork.add(certificates(100))
    fork.add(shared)
    fork.publish()
    liar.fault({ on: '*', from: fork })
    await passUntil(clock, () => byProof(reader).unverified.length === 20, 5 * MINUTE)
    sound.add(shared)
    sound.publish()
    await passUntil(clock, () => reader.indexes(sound.logId).length === 25, 5 * MINUTE)
    expect(byProof(reader).unverified).toEqual(range(300, 320))
  })
})
