/** Most messages that a sink has sent without a confirm: of those, later ones may be taken where one before is refused. */
const WINDOW = 512

type Range = readonly [start: number, end: number]

/** What is known of a log, as it is stored. */
export interface SeenState {
  /** Everything below was there, except the holes. */
  readonly next: number
  /** Ranges, ends exclusive, in order. */
  readonly holes: readonly Range[]
}

/**
 * Which entries of a log were there, where a writer may repeat entries, and may leave out one that comes later: it sends many messages before
 * it waits, and sends all of them again when one was refused.
 */
export class SeenIndexes {
  /** `undefined` until the first one. */
  private next: number | undefined
  private holes: Range[]

  constructor(state?: SeenState) {
    this.next = state?.next
    this.holes = [...(state?.holes ?? [])]
  }

  /**
   * Takes an entry.
   *
   * @returns `late`: it belongs between others that were there; `repeated`: it was there.
   */
  take(index: number): 'new' | 'late' | 'repeated' {
    const { next = Math.max(0, index - WINDOW) } = this
    if (index >= next) {
      // All of it, however long: a message under a false index must not have those count as seen that come at their own.
      if (index > next) this.holes.push([next, index])
      this.forgetOldest()
      this.next = index + 1
      return 'new'
    }
    const at = this.holes.findIndex(([start, end]) => start <= index && index < end)
    const [start, end] = this.holes[at] ?? [0, 0]
    if (at === -1) return 'repeated'
    const rest = [
      [start, index],
      [index + 1, end],
    ] as const
    this.holes.splice(at, 1, ...rest.filter(([first, behind]) => first < behind))
    this.forgetOldest()
    return 'late'
  }

  private forgetOldest(): void {
    if (this.holes.length > WINDOW) this.holes.shift()
  }

  /**
   * What may be stored when everything below `finished` is finished with.
   *
   * @param open - Late entries that are not finished with.
   */
  state(finished: number, open: readonly number[]): SeenState {
    const late = open.map((index) => [index, index + 1] as const)
    const holes = [...this.holes, ...late]
      .filter(([start]) => start < finished)
      .map(([start, end]) => [start, Math.min(end, finished)] as const)
    return { next: finished, holes: holes.sort(([a], [b]) => a - b) }
  }
}
