import { CtStreamError } from '../errors.js'
import type { Transport } from '../http/transport.js'
import type { Clock, Logger } from '../types/clock.js'
import { harmless } from '../util/harmless.js'
import { brandOfLine, readBrands } from '../watchlist/brand-line.js'
import { type ListLine, readList } from '../watchlist/list-line.js'
import type { WatchlistOptions } from '../watchlist/options.js'
import { Watchlist } from '../watchlist/watchlist.js'
import { type FreshList, type ListSource, listSource, STILL_MS } from './list-source.js'
import type { Keepsake } from './threads/keepsake.js'

/** The lists of a watchlist that files may add to. */
export const LIST_NAMES = ['own', 'brands', 'words', 'patterns', 'allow', 'issuers', 'known'] as const
export type ListName = (typeof LIST_NAMES)[number]

/** Whether a list has rules that match names, rather than settings for names that match. */
export function isRule(list: ListName): boolean {
  return list === 'own' || list === 'brands' || list === 'words' || list === 'patterns'
}

/** Files and URLs, by the list that their lines are added to. */
export type ListFiles = { readonly [K in ListName]?: readonly string[] | undefined }

/** How often a file that changes is looked at again; one may always change. */
const MOST_WAITS = 15

export interface WatchedListsOptions {
  readonly rules: WatchlistOptions
  readonly files: ListFiles
  readonly log: Logger
  /** Transport for lists at URLs; made when there is such a list. */
  readonly transport: () => Promise<Transport>
  /** For waits until a file is written. Without one nothing is waited for. */
  readonly clock?: Clock
  /** Where the last good lists are kept, if they are to outlive this thread. */
  readonly keepsake?: Keepsake | undefined
}

interface Watched {
  readonly list: ListName
  /** As it was given: identifies it together with `list`. */
  readonly from: string
  readonly source: ListSource
  lines: readonly ListLine[]
  /** The problem last reported; reported again only when it changes. */
  trouble: string | undefined
}

/** What a list holds now. */
interface Change {
  readonly watched: Watched
  readonly fresh: FreshList
}

/** A watchlist of rules in code and in files; compiled again when a file has changed and is valid. */
export class WatchedLists {
  private readonly rules: WatchlistOptions
  private readonly log: Logger
  private readonly watched: Watched[]
  private readonly clock: Clock | undefined
  private readonly keepsake: Keepsake | undefined
  /** Lists that attempts to begin have read. */
  private readonly opened = new Map<Watched, FreshList>()
  private compiled: Watchlist | undefined

  constructor({ rules, files, log, transport, clock, keepsake }: WatchedListsOptions) {
    this.rules = rules
    this.log = log
    this.clock = clock
    this.keepsake = keepsake
    this.watched = LIST_NAMES.flatMap((list) =>
      (files[list] ?? []).map((from) => {
        const source = listSource(from, transport, list === 'brands' ? readBrands : readList)
        return { list, from, source, lines: [], trouble: undefined }
      }),
    )
  }

  /** The watchlist, as last compiled. */
  get watchlist(): Watchlist {
    if (this.compiled === undefined) throw new CtStreamError('CT_CLOSED', 'the lists were not read yet')
    return this.compiled
  }

  get hasFiles(): boolean {
    return this.watched.length > 0
  }

  /**
   * Reads all lists for the first time; may be called again after a failure.
   *
   * @throws {@link CtStreamError} for the first invalid list: starting without it would not watch what was asked for.
   */
  async open(signal: AbortSignal): Promise<void> {
    await this.settle(signal)
    for (const watched of this.watched) {
      const fresh = await readFrom(watched, signal)
      // Lists that were read by an earlier attempt are not read again.
      if (fresh === undefined) continue
      if (!fresh.isWhole) throw beingWritten(watched)
      watched.lines = fresh.lines
      fresh.keep()
      this.opened.set(watched, fresh)
    }
    this.compile(this.compileWith())
    for (const [watched, fresh] of this.opened) this.outlive(watched, fresh)
    this.opened.clear()
  }

  /**
   * Begins with the lists that another thread kept. Returns `false`, and does nothing, if they are not all there; `reload` reads what has changed
   * since.
   */
  openKept(): boolean {
    const kept = this.watched.map((watched) => this.keepsake?.before.get(keyOf(watched)))
    if (kept.length === 0 || kept.includes(undefined)) return false
    for (const [i, watched] of this.watched.entries()) watched.lines = watched.source.linesOf(kept[i] as Uint8Array)
    this.compile(this.compileWith())
    return true
  }

  /** Reads changed lists again, all before any is taken. An invalid list stays as it was, with one warning. Throws only on abort. */
  async reload(signal: AbortSignal): Promise<void> {
    await this.settle(signal)
    const changes: Change[] = []
    const troubled = new Set<ListName>()
    for (const watched of this.watched) {
      try {
        const fresh = await readFrom(watched, signal)
        if (fresh?.isWhole === false) throw beingWritten(watched)
        if (fresh === undefined) this.recovered(watched)
        else changes.push({ watched, fresh })
      } catch (error) {
        signal.throwIfAborted()
        this.failed(watched, error)
        troubled.add(watched.list)
      }
    }
    this.take(changes, troubled)
  }

  /** Waits until no file is being written, for half a minute at most. */
  private async settle(signal: AbortSignal): Promise<void> {
    const { clock } = this
    if (clock === undefined) return
    for (let waits = 0; waits < MOST_WAITS && !(await this.areStill(clock.now())); waits++)
      await clock.sleep(STILL_MS, signal)
  }

  private async areStill(now: number): Promise<boolean> {
    const still = await Promise.all(this.watched.map(({ source }) => source.isStill(now)))
    return !still.includes(false)
  }

  /**
   * Takes changes together, because entries move from one list to another: one by one, an entry would be in two or in none.
   *
   * @param troubled - What lists that stay as they were are about.
   */
  private take(changes: readonly Change[], troubled: ReadonlySet<ListName>): void {
    const error = this.tryTogether(changes, troubled)
    if (error === undefined) return
    const faults = changes.map((change) => faultIn(change))
    if (faults.some((fault) => fault !== undefined)) {
      const also = new Set(troubled)
      for (const [i, { watched }] of changes.entries()) {
        if (faults[i] === undefined) continue
        this.failed(watched, faults[i])
        also.add(watched.list)
      }
      this.take(
        changes.filter((_, i) => faults[i] === undefined),
        also,
      )
      return
    }
    // Each is valid by itself, as two lists with the same brand are: without one of them the others may be.
    for (const change of changes) {
      const others = changes.filter((other) => other !== change)
      if (this.tryTogether(others, new Set([...troubled, change.watched.list])) !== undefined) continue
      this.failed(change.watched, error)
      return
    }
    for (const change of changes) {
      const why = this.tryTogether([change], troubled)
      if (why !== undefined) this.failed(change.watched, why)
    }
  }

  /** Takes all of them and returns `undefined`, or none and returns why. */
  private tryTogether(changes: readonly Change[], troubled: ReadonlySet<ListName>): unknown {
    const next = changes.map((change) => {
      const held = troubled.has(change.watched.list) ? this.held(change, changes) : []
      return { ...change, lines: [...change.fresh.lines, ...held], held: held.length, before: change.watched.lines }
    })
    const differing = next.filter(({ lines, before }) => !isSame(before, lines))
    for (const { watched, lines } of differing) watched.lines = lines
    try {
      if (differing.length > 0) this.compile(this.compileWith())
    } catch (error) {
      for (const { watched, before } of differing) watched.lines = before
      return error
    }
    for (const { watched, fresh, held } of next) {
      // With entries held, what is in force is not what the list holds; it is read again until it is.
      if (held === 0) {
        fresh.keep()
        this.outlive(watched, fresh)
      }
    }
    for (const { watched, lines, held, before } of differing) {
      const more = held === 0 ? '' : `, ${held} of them no longer in it but watched until all lists are read again`
      this.log.info(`${watched.source.name} has changed: ${lines.length} entries, before ${before.length}${more}`)
    }
    for (const { watched } of next) this.recovered(watched)
    return undefined
  }

  /** Entries that are in no list any more, but may be in one that stays as it was for now, where they moved. */
  private held({ watched: { list, lines } }: Change, changes: readonly Change[]): readonly ListLine[] {
    if (!isRule(list)) return []
    const fresh = new Map(changes.map(({ watched, fresh }) => [watched, fresh.lines]))
    const after = this.watched.flatMap((other) => (other.list === list ? (fresh.get(other) ?? other.lines) : []))
    const there = new Set(after.map((line) => identityOf(list, line)))
    return lines.filter((line) => !there.has(identityOf(list, line)))
  }

  private outlive(watched: Watched, { bytes }: FreshList): void {
    this.keepsake?.keep(keyOf(watched), bytes)
  }

  private compileWith(): Watchlist {
    const lists = Object.fromEntries(
      LIST_NAMES.map((list) => {
        const lines = this.watched.filter((watched) => watched.list === list).flatMap((watched) => watched.lines)
        return [list, [...(this.rules[list] ?? []), ...lines]]
      }),
    )
    return Watchlist.of({ ...this.rules, ...lists })
  }

  private compile(watchlist: Watchlist): void {
    const known = new Set(this.compiled?.warnings)
    this.compiled = watchlist
    for (const warning of watchlist.warnings) if (!known.has(warning)) this.log.warn(warning)
  }

  private failed(watched: Watched, error: unknown): void {
    const message = harmless(error instanceof Error ? error.message : String(error))
    if (message === watched.trouble) return
    watched.trouble = message
    this.log.warn(`a list cannot be reloaded and stays as it was (${watched.lines.length} entries): ${message}`)
  }

  private recovered(watched: Watched): void {
    if (watched.trouble === undefined) return
    watched.trouble = undefined
    this.log.info(`${watched.source.name} can be read again`)
  }
}

/** @throws {@link CtStreamError} `CT_WATCHLIST_INVALID`, naming the list, for any error of the file system. */
async function readFrom({ source }: Watched, signal: AbortSignal): Promise<FreshList | undefined> {
  try {
    return await source.read(signal)
  } catch (cause) {
    if (signal.aborted || CtStreamError.is(cause)) throw cause
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CtStreamError('CT_WATCHLIST_INVALID', `${source.name}: cannot be read: ${reason}`, { cause })
  }
}

function beingWritten({ source }: Watched): CtStreamError {
  return new CtStreamError('CT_WATCHLIST_INVALID', `${source.name}: is being written`, { retryable: true })
}

/** Why a list is invalid by itself. */
function faultIn({ watched, fresh }: Change): unknown {
  try {
    Watchlist.of({ [watched.list]: fresh.lines })
    return undefined
  } catch (error) {
    return error
  }
}

/** What makes two entries the same: a brand its name. */
function identityOf(list: ListName, line: ListLine): string {
  if (list !== 'brands') return line.text
  try {
    return String((brandOfLine(line) as { readonly name?: unknown }).name)
  } catch {
    return line.text
  }
}

const keyOf = ({ list, from }: Watched): string => `${list} ${from}`

function isSame(a: readonly ListLine[], b: readonly ListLine[]): boolean {
  return a.length === b.length && a.every(({ text }, i) => text === b[i]?.text)
}
