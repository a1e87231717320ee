import { expect } from 'vitest'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLog, issueCertificates, type TestLog } from '../../../src/testing/index.js'
import type { LogKind } from '../../../src/types/log.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { CheckedStore } from '../../support/checked-store.js'
import { FaultyNetwork } from '../../support/faulty-network.js'
import { range } from '../../support/follow.js'
import { Reader } from '../../support/reader.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { passUntil } from './idle-time.js'
import type { Step, Way } from './table.js'

/** What the log holds in the end. */
export const ENTRIES = [...issueCertificates(700, { sign: false })]
/** Entries before the fault strikes, and when it is over: of the log itself, and of the one beside it. */
const SIZES = { log: [300, 700], other: [20, 40] } as const
/** For a machine that is busy with something else: a cell takes a tenth of a second, and no time of the machine decides its outcome. */
export const TIMEOUT = 60_000
/** Less than one page of 256 entries. */
const BUDGET = 256 * 1024
const SECOND = 1000

/** What a fault came to. */
export interface Outcome {
  /** Codes told of the log, each once. */
  readonly told: readonly string[]
  /** Index up to which it was read while the fault lasted. */
  readonly readTo: number
  /** How a stream with an end ended, under the fault from the beginning, and where. */
  readonly ends: string
}

/** Two logs beside each other; one of them has a fault now and then. */
export class World {
  readonly clock: VirtualClock
  readonly network: FaultyNetwork
  readonly log: TestLog
  readonly other: TestLog
  private readonly open: { close(): Promise<unknown> }[] = []

  private constructor(clock: VirtualClock, network: FaultyNetwork, log: TestLog, other: TestLog) {
    this.clock = clock
    this.network = network
    this.log = log
    this.other = other
    this.open.push(network, log, other)
  }

  static async make(kind: LogKind): Promise<World> {
    const clock = new VirtualClock()
    const options = { mmd: 86_400, gzip: 'never' as const, clock }
    const log = await createTestLog({ kind, entries: ENTRIES.slice(0, 200), ...options })
    log.add(ENTRIES.slice(200, SIZES.log[0]))
    log.publish()
    const other = await createTestLog({ entries: ENTRIES.slice(0, SIZES.other[0]), ...options })
    return new World(clock, await FaultyNetwork.open(), log, other)
  }

  store = () => new CheckedStore([this.log, this.other])

  read(options: CtStreamOptions): Reader {
    const { clock, network } = this
    const reader = new Reader(
      ctStream({
        logs: [this.log.spec, this.other.spec],
        start: 'beginning',
        dispatcher: network,
        clock,
        random: () => 0.5,
        partialTileDelayMs: 0,
        maxBufferedBytes: BUDGET,
        ...options,
      }),
    )
    this.open.push(reader)
    return reader
  }

  grow(): void {
    this.log.add(ENTRIES.slice(...SIZES.log))
    this.other.add(ENTRIES.slice(...SIZES.other))
    this.log.publish()
    this.other.publish()
  }

  /** Lets time pass until something is so; what is held meanwhile stays within the budget and one answer. */
  async passUntil(reader: Reader, condition: () => boolean, atMostMs: number): Promise<void> {
    const isSo = () => {
      const answers = [this.log, this.other].map(({ requests }) =>
        Math.max(...requests.map(({ bytes }) => bytes), BUDGET),
      )
      const held = reader.stream.status().bufferedBytes
      // One answer of each log may pass the budget.
      if (held > answers.reduce((sum, bytes) => sum + bytes, BUDGET)) expect.fail(`${held} bytes are held`)
      return condition()
    }
    await passUntil(this, isSo, atMostMs, condition.toString())
  }

  async close(): Promise<void> {
    for (const one of this.open.splice(0).reverse()) await one.close()
  }
}

/** What holds whatever happens: entries come in order, without a gap, each as the log has it. */
function expectGenuine(reader: Reader, log: TestLog, from: number): number {
  const certificates = reader.certificates.filter((certificate) => certificate.log.id === log.logId)
  expect(certificates.map(({ index }) => index)).toEqual(range(from, from + certificates.length))
  for (const { index, leafHash } of certificates)
    if (!Buffer.from(leafHash).equals(log.leafHash(index))) expect.fail(`entry ${index} is not the log's`)
  return from + certificates.length
}

/** Makes something go wrong at one step; returns how to end it. */
export function strike(
  { log, network }: Pick<World, 'log' | 'network'>,
  step: Pick<Step, 'paths'>,
  way: Pick<Way, 'does'>,
): () => void {
  const isStruck = (url: string) => url.startsWith(log.url) && step.paths.test(url.slice(log.url.length))
  const { fault, astray } = typeof way.does === 'string' ? { astray: way.does } : { fault: way.does(log) }
  if (astray !== undefined) network.astray = (url) => (isStruck(url) ? astray : undefined)
  if (fault?.hang !== undefined) network.patienceMs = (url) => (isStruck(url) ? 25 : 5_000)
  if (fault !== undefined) log.fault({ on: '*', when: ({ path }) => isStruck(new URL(path, log.url).href), ...fault })
  return () => {
    log.clearFaults()
    network.astray = () => undefined
    network.patienceMs = () => 5_000
  }
}

/** Runs one cell of the table: the fault strikes a running stream, and heals; a process that dies; a stream with an end. */
export async function runCell(kind: LogKind, step: Step, way: Way): Promise<Outcome> {
  const world = await World.make(kind)
  try {
    const { log, other } = world
    const store = world.store()
    const reader = world.read({ checkpoint: store })
    const [before, beforeOther, all, allOther] = [SIZES.log[0], SIZES.other[0], SIZES.log[1], SIZES.other[1]]
    await world.passUntil(reader, () => isRead(reader, log, before) && isRead(reader, other, beforeOther), 60 * SECOND)

    const { afterMs = SECOND, lastsMs = 30 * SECOND, healsWithinMs = 60 * SECOND } = way
    const began = world.clock.elapsed()
    await world.passUntil(reader, () => world.clock.elapsed() - began >= afterMs, afterMs + 20 * SECOND)
    const heal = strike(world, step, way)
    world.grow()
    // The log beside it brings everything meanwhile.
    await world.passUntil(reader, () => isRead(reader, other, allOther), 30 * SECOND)
    const struck = world.clock.elapsed()
    await world.passUntil(reader, () => world.clock.elapsed() - struck > lastsMs, lastsMs + 20 * SECOND)
    const readTo = expectGenuine(reader, log, 0)
    const errors = reader.errors.filter((error) => error.log.id === log.logId)
    for (const { error } of errors) expect(error.message).toContain(new URL(log.url).host)
    const told = [...new Set([...errors, ...reader.misbehaviour].map(({ error }) => error.code))]

    // A process that dies now goes on with the first entry after its last commit.
    const rows = store.load()
    heal()
    await world.passUntil(reader, () => isRead(reader, log, all), healsWithinMs)
    expectGenuine(reader, log, 0)
    expectGenuine(reader, other, 0)
    expect([reader.gaps, errorsOf(reader, other)]).toEqual([[], []])
    await reader.close()

    const survivor = world.store()
    survivor.open()
    survivor.commit(rows)
    survivor.close()
    const positionOf = ({ logId }: TestLog) => rows.find((row) => row.log.id === logId)?.position ?? 0
    expect(positionOf(log)).toBeLessThanOrEqual(readTo)
    const again = world.read({ checkpoint: survivor })
    const isDone = (one: TestLog) => isRead(again, one, one.size) || positionOf(one) === one.size
    await world.passUntil(again, () => isDone(log) && isDone(other), 60 * SECOND)
    for (const one of [log, other]) expect(expectGenuine(again, one, positionOf(one))).toBe(one.size)
    await again.close()

    return { told, readTo, ends: await endUnder(world, step, way) }
  } finally {
    await world.close()
  }
}

export const isRead = ({ certificates }: Reader, { logId }: TestLog, to: number) =>
  certificates.findLast(({ log }) => log.id === logId)?.index === to - 1
const errorsOf = (reader: Reader, log: TestLog) => reader.errors.filter((error) => error.log.id === log.logId)

/** A stream with an end, which the fault keeps from the beginning. */
async function endUnder(world: World, step: Step, way: Way): Promise<string> {
  const { log, other } = world
  strike(world, step, way)
  const checkpoint = world.store()
  const reader = world.read({ checkpoint, start: { index: 5 }, end: 'head' })
  let ends: string | undefined
  reader.done.then(
    () => {
      ends = 'complete'
    },
    (error) => {
      expect(error.message).toContain(log.url)
      ends = error.code
    },
  )
  await world.passUntil(reader, () => ends !== undefined, 1200 * SECOND)
  const readTo = expectGenuine(reader, log, 5)
  expect(expectGenuine(reader, other, 5)).toBe(other.size)
  checkpoint.open()
  const gaps = checkpoint.gaps().map(({ log, start, end }) => [log.id, start, end])
  // What was not delivered is on record, and nothing else.
  expect(gaps).toEqual(ends === 'complete' ? [] : [[log.logId, readTo, gaps[0]?.[2]]])
  return `${ends} at ${readTo}`
}
