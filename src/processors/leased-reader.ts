import type { ClaimKeeper, Held } from './claim-keeper.js'
import type { QueuedPage, ReplayedEntry } from './engine.js'
import { orAborted, type Patience, patiently } from './patiently.js'

/** Reads the logs that a keeper has claimed. Every failure that may pass is tried again. */
export interface ClaimedPages {
  /** The next entry that somebody asked to replay. */
  nextReplay(): Promise<ReplayedEntry | undefined>
  /** The next page, of the logs in turn; `undefined` when there is nothing more. Does not wait. */
  nextPage(): Promise<QueuedPage | undefined>
  /** Resolves when there is more to read, or perhaps; beside what the keeper notifies of. Never rejects. */
  arrival?(): Promise<void>
}

/** What `next()` of an engine does where logs are leased: reads one page ahead, and hands out only what is still this processor's. */
export class LeasedReader<Claim extends Held> {
  private readonly keeper: ClaimKeeper<Claim>
  private readonly pages: ClaimedPages
  private readonly settings: Patience & { readonly end: 'never' | 'head' }
  private ahead: Promise<QueuedPage | ReplayedEntry | undefined> | undefined

  constructor(
    keeper: ClaimKeeper<Claim>,
    pages: ClaimedPages,
    settings: Patience & { readonly end: 'never' | 'head' },
  ) {
    this.keeper = keeper
    this.pages = pages
    this.settings = settings
  }

  async next(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined> {
    for (;;) {
      this.ahead ??= this.readNext(signal)
      const next = await this.ahead.catch((error) => {
        this.ahead = undefined
        throw error
      })
      // It stays where this fails: whoever calls again gets it.
      if (next !== undefined) await this.confirm(signal)
      this.ahead = undefined
      if (next === undefined) return undefined
      // Read ahead, but the claim was lost meanwhile: another processor handles it.
      if (next.kind === 'page' && !this.keeper.held.includes(next.claim as Claim)) continue
      this.ahead = this.readNext(signal)
      // Not unhandled: the next call awaits this promise and throws its error.
      this.ahead.catch(() => {})
      return next
    }
  }

  /** Resolves when nothing is read any more, after `signal` has aborted. */
  async settled(): Promise<void> {
    await this.ahead?.catch(() => {})
  }

  /** Renews the claims of a processor that was suspended, or cut off, before it hands out more. */
  private async confirm(signal: AbortSignal): Promise<void> {
    if (!this.keeper.isConfirmed && !signal.aborted) await this.patiently(() => this.keeper.turn(), signal)
  }

  private async readNext(signal: AbortSignal): Promise<QueuedPage | ReplayedEntry | undefined> {
    const { keeper, pages } = this
    while (!signal.aborted) {
      if (keeper.failure !== undefined) throw keeper.failure.error
      const change = keeper.changed.wait()
      if (keeper.mayReplay) {
        keeper.mayReplay = false
        const entry = await this.patiently(() => pages.nextReplay(), signal)
        if (entry !== undefined) {
          keeper.mayReplay = true
          return entry
        }
      }
      const page = await this.patiently(() => pages.nextPage(), signal)
      if (page !== undefined) return page
      if (this.settings.end === 'head' && !keeper.isStale) return undefined
      if (keeper.isStale || signal.aborted) continue
      const arrival = pages.arrival?.()
      await orAborted(arrival === undefined ? change : Promise.race([change, arrival]), signal)
    }
    return undefined
  }

  private patiently<T>(work: () => Promise<T>, signal: AbortSignal): Promise<T> {
    return patiently(this.settings, signal, work)
  }
}
