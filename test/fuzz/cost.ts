import { join, vector } from './bytes.js'
import type { Ran } from './coverage.js'
import { placesIn } from './der-mutations.js'
import { cloneNode, encodeDer, parseDer } from './der-tree.js'
import { decodeEntryInput, encodeEntryInput } from './entry-input.js'
import type { Random } from './random.js'
import { type Target, Violation } from './target.js'
import { decodeInput } from './targets/entry.js'

/** An input may take this many times what a clean one of its length does … */
const GENEROUS = 40
/** … and this many milliseconds in any case: clocks, collectors and neighbours are not the input's fault. */
const FREE_MS = 40
/** The same in blocks that run, which no clock has a say in. */
const FREE_WORK = 20_000

/** The time a target takes for clean inputs, and a guard against inputs that take much more of it. */
export class CostGuard {
  /** Milliseconds per byte, by target; the slowest of the clean ones. */
  private readonly clean = new Map<string, number>()
  /** Blocks per byte, by target; the most of clean ones. */
  private readonly cleanWork = new Map<string, number>()

  async calibrate(target: Target, seeds: readonly Uint8Array[]): Promise<void> {
    let slowest = 0
    for (const seed of seeds) slowest = Math.max(slowest, (await fastest(target, seed, 3)) / (seed.length + 200))
    this.clean.set(target.name, slowest)
  }

  /** Notes what a clean input costs in blocks. */
  learn(target: Target, seed: Uint8Array, work: number): void {
    const most = this.cleanWork.get(target.name) ?? 0
    this.cleanWork.set(target.name, Math.max(most, work / (seed.length + 200)))
  }

  /** @throws {@link Violation} when the input runs far more blocks, or makes more errors, than its length allows. */
  checkWork(target: Target, input: Uint8Array, { work, errors }: Ran): void {
    checkErrors(input, errors)
    const allowed = FREE_WORK + GENEROUS * (this.cleanWork.get(target.name) ?? 0) * (input.length + 200)
    if (work > allowed) throw new Violation(`runs ${work} blocks for ${input.length} bytes (Work)`)
  }

  /** @param took - Milliseconds of a first run; only what seems slow is run again to be sure. */
  async check(target: Target, input: Uint8Array, took: number): Promise<void> {
    const allowed = FREE_MS + GENEROUS * (this.clean.get(target.name) ?? 0) * (input.length + 200)
    if (took <= allowed) return
    const sure = await fastest(target, input, 4)
    if (sure > allowed) throw new Violation(`takes far longer than its ${input.length} bytes allow (Cost)`)
  }
}

/**
 * The most errors that reading an input may make. Two bytes of DER are an element, each may be broken, and a target reads all of
 * them a few times; beyond that the same element is tried again and again.
 *
 * @throws {@link Violation}
 */
export function checkErrors(input: Uint8Array, errors: number): void {
  if (errors > 200 + 2 * input.length) throw new Violation(`makes ${errors} errors of ${input.length} bytes (Work)`)
}

/** Milliseconds of processor time of the fastest of so many runs: neighbours on the machine count little. */
async function fastest(target: Target, input: Uint8Array, times: number): Promise<number> {
  let best = Number.POSITIVE_INFINITY
  for (let i = 0; i < times; i++) {
    const before = process.cpuUsage()
    try {
      await target.run(input, false)
    } catch {
      // What it throws is told elsewhere.
    }
    const { user, system } = process.cpuUsage(before)
    best = Math.min(best, (user + system) / 1000)
  }
  return best
}

const SMALL = 24 * 1024
const FACTOR = 8

/**
 * Makes one element, or the octets of one, so many that they fill `length` bytes: what is not linear shows when that grows.
 * `undefined` when the input is no entry with DER in it.
 */
export function inflated(input: Uint8Array, length: number, random: Random): Uint8Array | undefined {
  const entry = decodeEntryInput(input)
  const { leafInput } = entry
  const start = leafInput[11] === 1 ? 47 : 15
  if (leafInput.length < start + 20 || leafInput.length > SMALL / 2) return undefined
  const tree = parseDer(leafInput.subarray(start, leafInput.length - 2))
  const { node, siblings, index } = random.pick(placesIn(tree))
  if (random.oneIn(2) && node.children === undefined && node.content.length > 0) {
    // A piece of the content, or one octet of it.
    const from = random.below(node.content.length)
    const piece = node.content.slice(from, from + (random.oneIn(2) ? 1 : random.size(8)))
    const rest = node.content.subarray(from)
    const many = Buffer.alloc(length, piece)
    node.content = join(node.content.subarray(0, from), new Uint8Array(many), rest)
  } else {
    const size = Math.max(2, encodeDer([node]).length)
    const rest = siblings.splice(index)
    for (let made = 0; made < length; made += size) siblings.push(cloneNode(node))
    for (const sibling of rest) siblings.push(sibling)
  }
  const der = encodeDer(tree)
  return encodeEntryInput({
    ...entry,
    leafInput: join(leafInput.subarray(0, start - 3), vector(der, 3), new Uint8Array(2)),
  })
}

export interface Growth {
  readonly small: Uint8Array
  readonly smallMs: number
  readonly largeMs: number
  /** Bytes of memory that the large one holds once everything was read, beyond its own. */
  readonly heldBytes: number
  readonly largeLength: number
}

/** Reads all of an entry that is inflated once, and eight times as much. */
export async function probe(
  target: Target,
  input: Uint8Array,
  seed: string,
  make: (seed: string) => Random,
): Promise<Growth | undefined> {
  const small = inflated(input, SMALL, make(seed))
  const large = inflated(input, SMALL * FACTOR, make(seed))
  if (small === undefined || large === undefined) return undefined
  const smallMs = await fastest(target, small, 3)
  const largeMs = await fastest(target, large, 2)
  return { small, smallMs, largeMs, heldBytes: held(large), largeLength: large.length }
}

/** @throws {@link Violation} when eight times the input costs much more than eight times as much, or keeps far more than its size. */
export function judge({ smallMs, largeMs, heldBytes, largeLength }: Growth): void {
  const isSlow = largeMs > 150 && largeMs > smallMs * FACTOR * 3
  if (isSlow) throw new Violation(`8 times the input takes ${Math.round(largeMs / smallMs)} times as long (Cost)`)
  if (heldBytes > 60 * largeLength + 4e6)
    throw new Violation(`${largeLength} bytes keep ${heldBytes} bytes of memory (Memory)`)
}

function held(input: Uint8Array): number {
  const { gc } = globalThis
  if (gc === undefined) return 0
  gc()
  const before = process.memoryUsage()
  const certificate = decodeInput(input)
  void certificate.problems
  gc()
  const after = process.memoryUsage()
  // Used once more, so that it lives until here.
  if (certificate.index < 0) return 0
  return after.heapUsed + after.arrayBuffers - before.heapUsed - before.arrayBuffers
}
