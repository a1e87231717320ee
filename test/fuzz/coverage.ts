import { type Profiler, Session } from 'node:inspector'

/** What ran since the last look. */
export interface Ran {
  /** Characters of source that had never run before. */
  readonly fresh: number
  /** How often blocks ran, all together: what the input cost, by a measure that is no time. */
  readonly work: number
  /** How many errors were made, thrown or not: each costs as much as reading a whole small field. */
  readonly errors: number
}

/** The constructor of all errors. */
const ERROR = 'CtStreamError'

/** V8's own counters: block coverage of one script, and how often errors are made in any. */
export class Coverage {
  private readonly session = new Session()
  private readonly url: string | undefined
  /** By place in the source: 1 where it has run. */
  private readonly seen = new Uint8Array(4_000_000)
  /** Characters that have run. */
  covered = 0

  /** @param url - Of the script; when `undefined`, only errors are counted. */
  constructor(url?: string) {
    this.url = url
    this.session.connect()
    this.session.post('Profiler.enable')
    this.session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: true })
  }

  /** Looks, and starts counting anew. @param keep - Whether what is new is known from now on. */
  take(keep: boolean): Ran {
    const functions = this.read()
    const ranges = functions.flatMap((each) => (each.script === this.url ? each.ranges : []))
    const errors = functions.reduce((sum, { name, ranges: [all] }) => sum + (name === ERROR ? (all?.count ?? 0) : 0), 0)
    const work = ranges.reduce((sum, { count }) => sum + count, 0)
    let fresh = 0
    for (const [start, end] of ranParts(ranges)) {
      const found = this.countUnseen(start, end)
      if (found > 0 && keep) this.seen.fill(1, start, end)
      fresh += found
    }
    if (keep) this.covered += fresh
    return { fresh, work, errors }
  }

  private countUnseen(start: number, end: number): number {
    let count = 0
    for (let at = this.seen.indexOf(0, start); at >= 0 && at < end; at++) if (this.seen[at] === 0) count++
    return count
  }

  private read(): { script: string; name: string; ranges: Profiler.CoverageRange[] }[] {
    let scripts: Profiler.ScriptCoverage[] = []
    // The session is in this very thread: the answer is there when `post` returns.
    this.session.post('Profiler.takePreciseCoverage', (error, { result }) => {
      if (error) throw error
      scripts = result
    })
    return scripts.flatMap(({ url, functions }) =>
      functions.map(({ functionName, ranges }) => ({ script: url, name: functionName, ranges })),
    )
  }
}

/**
 * The parts of the source that ran: of nested ranges the innermost has the say. V8 joins ranges of equal counts, so that ranges
 * themselves are not the same from one look to the next; these parts are.
 */
function* ranParts(ranges: readonly Profiler.CoverageRange[]): Generator<readonly [number, number]> {
  const sorted = [...ranges].sort((a, b) => a.startOffset - b.startOffset || b.endOffset - a.endOffset)
  const open: Profiler.CoverageRange[] = []
  let at = 0
  const upTo = function* (place: number): Generator<readonly [number, number]> {
    const inner = open.at(-1)
    if (inner !== undefined && inner.count > 0 && place > at) yield [at, place]
    at = Math.max(at, place)
  }
  const close = function* (place: number): Generator<readonly [number, number]> {
    for (let inner = open.at(-1); inner !== undefined && inner.endOffset <= place; inner = open.at(-1)) {
      yield* upTo(inner.endOffset)
      open.pop()
    }
  }
  for (const range of sorted) {
    yield* close(range.startOffset)
    yield* upTo(range.startOffset)
    open.push(range)
    at = range.startOffset
  }
  yield* close(Number.POSITIVE_INFINITY)
}
