import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { ListedLog, ListProblem, LogSelection } from '../types/log-list.js'
import { backoffDelay } from '../util/backoff.js'
import { staleness } from './belief.js'
import { refreshRangeMs } from './defaults.js'
import { diffSelections, type SelectionDiff } from './diff.js'
import type { FetchList } from './fetch-list.js'
import { ListCopy, type ListStore } from './list-copy.js'
import { listOrigins } from './list-input.js'
import { mergeLists } from './merge.js'
import { invalid } from './schema.js'
import { selectionOption, selectLogs, unknownNames, unknownOperators } from './select.js'

export interface LogListSourceOptions {
  /** As the option `logList` of a stream. Default: Chrome's and Apple's. */
  readonly logList?: unknown
  /** As the option `logs` of a stream, when it is a selection. */
  readonly selection?: LogSelection | undefined
  readonly fetchList: FetchList
  readonly readFile: (path: string, signal: AbortSignal | undefined) => Promise<Uint8Array>
  /** Keeps the last good copies. Default: only in memory. Never called twice at once. */
  readonly store?: ListStore | undefined
  readonly clock: Clock
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** `http:` for logs and lists of other hosts. Default `false`. */
  readonly allowHttp?: boolean
}

/** What is to be read, as of one refresh. */
export interface LogListSnapshot {
  /** The selected logs. */
  readonly logs: readonly ListedLog[]
  /** All logs the lists name, by id. */
  readonly listed: ReadonlyMap<string, ListedLog>
  /** What was left out of the lists in use, or is odd about them. */
  readonly problems: readonly ListProblem[]
  /** Lists that could not be renewed this time. */
  readonly failures: readonly ListFailure[]
  /** Those of {@link LogListSnapshot.failures} for which there is no copy either: what only these lists name is unknown. */
  readonly missing: readonly ListFailure[]
  /** Epoch milliseconds. */
  readonly refreshedAt: number
}

export interface ListFailure {
  /** As in `ListedLog.lists`. */
  readonly list: string
  readonly error: CtStreamError
  /** Epoch milliseconds when the copy used instead was last confirmed; `undefined`: there is none, the list is missing. */
  readonly copyFrom: number | undefined
}

export interface LogListUpdate extends LogListSnapshot {
  /** Against the refresh before; after the first one every selected log is `added`. */
  readonly diff: SelectionDiff
}

/** After a failure lists are asked for sooner than usual. */
const failureBackoff = { baseMs: 60_000, maxMs: 30 * 60_000 }

/**
 * The logs to follow, kept current: several lists, each with its last good copy, merged and selected.
 *
 * A list that cannot be fetched, verified, read or believed is reported and its last good copy stays in use, from memory
 * or from the store. Does no I/O but through what it is given, and sets no timer: refreshing is the caller's, or
 * {@link LogListSource.updates}' with the caller's clock.
 */
export class LogListSource {
  private readonly copies: readonly ListCopy[]
  private readonly selection: LogSelection
  private readonly store: ListStore | undefined
  private readonly clock: Clock
  private readonly random: () => number
  private selected: readonly ListedLog[] = []
  private restored = false
  private failedRefreshes = 0

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` for a wrong `logList` or `selection`. */
  constructor(options: LogListSourceOptions) {
    const { logList, selection, store, clock, random, allowHttp = false } = options
    const context = { ...options, allowHttp }
    this.copies = listOrigins(logList, { allowHttp }).map((origin) => new ListCopy(origin, context))
    this.selection = selectionOption('logs', selection)
    this.store = store
    this.clock = clock
    this.random = random
  }

  /**
   * Renews all lists and selects. Not to be called again before it is done.
   *
   * @throws {@link CtStreamError} when there is no list at all, neither fetched nor kept: what was wrong with the first
   * (the causes hold the others). Rejects with `signal.reason` when aborted. What `selection.match` throws passes through.
   */
  async refresh(signal?: AbortSignal): Promise<LogListUpdate> {
    signal?.throwIfAborted()
    const restored = await this.restore()
    const renewed = await this.renew(signal)
    const failures = [...restored, ...renewed, ...(await this.save())]
    this.failedRefreshes = failures.length === 0 ? 0 : this.failedRefreshes + 1
    if (this.copies.every(({ list }) => list === undefined)) throw nothingAtHand(failures)
    return { ...this.snapshot(failures), missing: renewed.filter(({ copyFrom }) => copyFrom === undefined) }
  }

  /** How long to wait before the next refresh, milliseconds: 30 to 90 minutes at random; after failures 0.5 to 30. */
  refreshDelay(): number {
    if (this.failedRefreshes > 0) return backoffDelay(failureBackoff, this.failedRefreshes - 1, this.random)
    const { min, max } = refreshRangeMs
    return Math.round(min + (max - min) * this.random())
  }

  /** Every later refresh, each after {@link LogListSource.refreshDelay}, until `signal` aborts; then it just ends. */
  async *updates(signal: AbortSignal): AsyncGenerator<LogListUpdate, void, undefined> {
    try {
      while (!signal.aborted) {
        await this.clock.sleep(this.refreshDelay(), signal)
        yield await this.refresh(signal)
      }
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }

  private async restore(): Promise<ListFailure[]> {
    if (this.store === undefined || this.restored) return []
    const { store } = this
    this.restored = true
    return this.oneByOne((copy) => copy.restore(store))
  }

  private async renew(signal: AbortSignal | undefined): Promise<ListFailure[]> {
    const failures = await Promise.all(this.copies.map((copy) => attempt(copy, () => copy.renew(signal))))
    signal?.throwIfAborted()
    return failures.flat()
  }

  private async save(): Promise<ListFailure[]> {
    const { store } = this
    return store === undefined ? [] : this.oneByOne((copy) => copy.save(store))
  }

  private async oneByOne(step: (copy: ListCopy) => Promise<void>): Promise<ListFailure[]> {
    const failures: ListFailure[] = []
    for (const copy of this.copies) failures.push(...(await attempt(copy, () => step(copy))))
    return failures
  }

  private snapshot(failures: readonly ListFailure[]): Omit<LogListUpdate, 'missing'> {
    const refreshedAt = this.clock.now()
    const lists = this.copies.flatMap(({ list }) => list ?? [])
    const { logs: listed, problems } = mergeLists(lists)
    const logs = selectLogs(listed.values(), this.selection, refreshedAt)
    const diff = diffSelections(this.selected, logs, listed)
    this.selected = logs
    const stale = lists.flatMap((list) => {
      const error = staleness(list, refreshedAt)
      return error === undefined ? [] : [noted(list.name, error.message)]
    })
    return {
      logs,
      listed,
      diff,
      problems: [
        ...lists.flatMap((list) => list.problems),
        ...problems,
        ...stale,
        ...this.selectionProblems(listed, logs),
      ],
      failures,
      refreshedAt,
    }
  }

  private selectionProblems(listed: ReadonlyMap<string, ListedLog>, logs: readonly ListedLog[]): ListProblem[] {
    const names = this.copies.map(({ origin }) => origin.name).join(', ')
    const unknown = unknownOperators(listed.values(), this.selection)
    const problems = unknown.map((name) => noted(names, `no log has the operator ${JSON.stringify(name)}`))
    const nobody = unknownNames(listed.values(), this.selection)
    problems.push(...nobody.map((name) => noted(names, `no log is called ${JSON.stringify(name)}`)))
    if (logs.length === 0) problems.push(noted(names, `the selection fits none of ${listed.size} logs`))
    return problems
  }
}

async function attempt(copy: ListCopy, step: () => Promise<void>): Promise<ListFailure[]> {
  try {
    await step()
    return []
  } catch (cause) {
    const { name } = copy.origin
    const error = CtStreamError.is(cause) ? cause : invalid(name, 'could not be loaded', cause)
    return [{ list: name, error, copyFrom: copy.confirmedAt }]
  }
}

function nothingAtHand(failures: readonly ListFailure[]): CtStreamError {
  const errors = failures.map(({ error }) => error)
  const [first] = errors
  const cause =
    errors.length === 1 ? first : new AggregateError(errors, errors.map(({ message }) => message).join('; '))
  return new CtStreamError('CT_LIST_INVALID', `no log list at hand: ${first?.message}`, {
    retryable: errors.some(({ retryable }) => retryable),
    cause,
  })
}

function noted(list: string, message: string): ListProblem {
  return { list, kind: 'noted', log: undefined, message }
}
