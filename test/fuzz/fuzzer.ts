import { CostGuard, judge, probe } from './cost.js'
import type { Coverage } from './coverage.js'
import { check, describe, type Finding } from './findings.js'
import type { Material } from './material.js'
import { minimize } from './minimize.js'
import { Random } from './random.js'
import type { Target } from './target.js'

/** Inputs between two looks at the counters, which take a millisecond and more. */
const BATCH = 40
/** Turns between two probes of how costs grow. */
const PROBE_EVERY = 25
/** Findings of one key after which no more of them are told. */
const FINDINGS_PER_KEY = 1

export interface FuzzOptions {
  readonly seed: string
  readonly targets: readonly Target[]
  readonly material: Material
  /** Without them mutation is blind, which is fast enough for a short run. */
  readonly coverage?: Coverage
  /** Whether to look at times; never in a test. */
  readonly timed?: boolean
  /** Whether to go on, asked before each turn. */
  readonly goOn: (executions: number) => boolean
  readonly onFinding: (finding: Finding, input: Uint8Array) => void
  readonly onProgress?: (progress: Progress) => void
}

export interface Progress {
  readonly executions: number
  readonly corpus: number
  /** Characters of source that have run. */
  readonly covered: number
  readonly findings: number
}

interface Field {
  readonly target: Target
  /** Inputs that reached something new. */
  readonly corpus: Uint8Array[]
  /** Pieces to take. */
  readonly donors: readonly Uint8Array[]
}

/**
 * Mutates inputs and runs them, keeping those that reach code no other has reached. Everything follows from the seed: the nth input
 * of a run is the same in every run with that seed, however fast the machine is.
 */
export class Fuzzer {
  private readonly options: FuzzOptions
  private readonly guard = new CostGuard()
  private readonly known = new Map<string, number>()
  private executions = 0

  constructor(options: FuzzOptions) {
    this.options = options
  }

  async run(): Promise<Progress> {
    const { targets, goOn, onProgress } = this.options
    const fields: Field[] = []
    for (const target of targets) fields.push(await this.prepare(target))
    const turns = fields.flatMap((field) => new Array<Field>(field.target.weight).fill(field))
    const progress = (): Progress => ({
      executions: this.executions,
      corpus: fields.reduce((sum, { corpus }) => sum + corpus.length, 0),
      covered: this.options.coverage?.covered ?? 0,
      findings: this.known.size,
    })
    const order = new Random(this.options.seed)
    for (let turn = 0; goOn(this.executions); turn++) {
      await this.turn(order.pick(turns), turn)
      if (this.options.timed && turn % PROBE_EVERY === 0) await this.probeGrowth(fields, turn)
      onProgress?.(progress())
    }
    return progress()
  }

  /** Runs the seeds: those that reach something new are where mutation begins. */
  private async prepare(target: Target): Promise<Field> {
    const { coverage, material, timed } = this.options
    const donors = target.seeds(material)
    const corpus: Uint8Array[] = []
    coverage?.take(false)
    for (const seed of donors) {
      await this.execute(target, seed, true)
      const ran = coverage?.take(true)
      if (ran !== undefined) this.guard.learn(target, seed, ran.work)
      if (ran === undefined || ran.fresh > 0) corpus.push(seed)
    }
    if (timed) await this.guard.calibrate(target, corpus.slice(0, 20))
    coverage?.take(false)
    return { target, corpus, donors }
  }

  private async turn(field: Field, turn: number): Promise<void> {
    const { target, corpus, donors } = field
    const { coverage } = this.options
    const batch: Uint8Array[] = []
    for (let i = 0; i < BATCH; i++) {
      const random = this.random(`${target.name} ${turn} ${i}`)
      // What was found last is likely to lead on.
      const parent = random.oneIn(3) ? corpus.at(-1 - random.below(Math.min(8, corpus.length))) : random.pick(corpus)
      const donor = random.oneIn(2) ? random.pick(corpus) : random.pick(donors)
      if (parent === undefined) continue
      const input = target.mutate(parent, donor, random)
      batch.push(input)
      await this.execute(target, input, random.oneIn(6))
    }
    if (coverage === undefined || coverage.take(false).fresh === 0) return
    await this.keepFresh(target, batch, corpus, coverage)
    // What only the thorough checks reach is known from now on, and keeps nobody.
    for (const input of batch) await check(target, input, true)
    coverage.take(true)
  }

  /** Finds those of a batch that reach something new, by halves. */
  private async keepFresh(target: Target, batch: readonly Uint8Array[], corpus: Uint8Array[], coverage: Coverage) {
    const [only] = batch
    if (only === undefined) return
    for (const input of batch) await check(target, input, false)
    const isOne = batch.length === 1
    const ran = coverage.take(isOne)
    if (ran.fresh === 0) return
    if (isOne) corpus.push(only)
    if (isOne) await this.guarded(target, only, () => this.guard.checkWork(target, only, ran))
    const middle = Math.ceil(batch.length / 2)
    for (const half of isOne ? [] : [batch.slice(0, middle), batch.slice(middle)])
      await this.keepFresh(target, half, corpus, coverage)
  }

  private async execute(target: Target, input: Uint8Array, thorough: boolean): Promise<void> {
    this.executions++
    const before = performance.now()
    const finding = await check(target, input, thorough)
    const took = performance.now() - before
    if (finding !== undefined)
      return this.tell(
        target,
        finding,
        input,
        async (smaller) => (await check(target, smaller, true))?.key === finding.key,
      )
    if (this.options.timed && !thorough) await this.guarded(target, input, () => this.guard.check(target, input, took))
  }

  private async guarded(target: Target, input: Uint8Array, guard: () => Promise<void> | void): Promise<void> {
    try {
      await guard()
    } catch (error) {
      await this.tell(target, describe(target, error), input)
    }
  }

  private async tell(
    target: Target,
    finding: Finding,
    input: Uint8Array,
    fails?: (input: Uint8Array) => Promise<boolean>,
  ): Promise<void> {
    const times = (this.known.get(finding.key) ?? 0) + 1
    this.known.set(finding.key, times)
    if (times > FINDINGS_PER_KEY) return
    const isEntry = target.name === 'entry' || target.name === 'filter'
    const small = fails === undefined ? input : await minimize(input, isEntry, fails)
    this.options.onFinding((await check(target, small, true)) ?? finding, small)
  }

  private async probeGrowth(fields: readonly Field[], turn: number): Promise<void> {
    const field = fields.find(({ target }) => target.name === 'entry')
    if (field === undefined) return
    const { target, corpus } = field
    const name = `probe ${turn}`
    const growth = await probe(target, this.random(name).pick(corpus), name, (seed) => this.random(seed))
    if (growth !== undefined) await this.guarded(target, growth.small, () => judge(growth))
    this.options.coverage?.take(false)
  }

  private random(name: string): Random {
    return new Random(`${this.options.seed} ${name}`)
  }
}
