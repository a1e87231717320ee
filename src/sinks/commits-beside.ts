import { rawOf } from '../decode/index.js'
import { CtStreamError } from '../errors.js'
import type { CtStream } from '../stream/ct-stream.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'

/** What may wait for commits before another page is read: staged pages are outside the memory budget of the stream. */
const MOST_ENTRIES = 2048
const MOST_BYTES = 2 ** 24
/** How often the position is committed although no page is delivered, milliseconds: as often as a stream does that commits by itself. */
const EVERY_MS = 1000
/**
 * Where an engine appends positions they take space: after so many of these intervals, or when so many entries more would be read again after a
 * crash.
 */
const APPENDED = { everyTimes: 60, mostEntries: 100_000 }

/**
 * Commits while further pages are read. A stream has one commit at a time, of everything acknowledged before it, so a slow engine gets fewer
 * and larger transactions.
 */
export class CommitsBeside {
  private readonly stream: Pick<CtStream, 'commit'>
  private readonly onFailed: () => void
  private entries = 0
  private bytes = 0
  /** In the order in which they end. */
  private readonly pending: Promise<void>[] = []
  private failed: { readonly error: unknown } | undefined

  /** @param onFailed - Called at once; {@link settled} throws the error. */
  constructor(stream: Pick<CtStream, 'commit'>, onFailed: () => void) {
    this.stream = stream
    this.onFailed = onFailed
  }

  /**
   * A page was acknowledged. Resolves when another one may be read.
   *
   * @throws the error of a commit that failed.
   */
  async acknowledged(page: readonly CtCertificate[]): Promise<void> {
    const entries = page.length
    const bytes = page.reduce((sum, certificate) => sum + (rawOf(certificate)?.leafInput.length ?? 0), 0)
    this.entries += entries
    this.bytes += bytes
    // At once, although another one is under way: at its end the stream stays open for commits that were asked for.
    void this.commit(
      () => {
        this.entries -= entries
        this.bytes -= bytes
      },
      (error) => this.fail(error),
    )
    while (this.entries > MOST_ENTRIES || this.bytes > MOST_BYTES) {
      await this.pending[0]
      if (this.failed !== undefined) throw this.failed.error
    }
  }

  /** Commits what the filter dropped since the last page. Resolves when it is done, or failed. */
  passed(): Promise<void> {
    return this.commit(
      () => {},
      (error) => {
        // The stream has ended meanwhile, and says why.
        if (!(CtStreamError.is(error) && error.code === 'CT_CLOSED')) this.fail(error)
      },
    )
  }

  /**
   * Commits what the filter drops until `signal` aborts, as there may be no page for weeks: every second; every minute where the engine appends
   * positions, or after 100,000 entries.
   *
   * @param appended - Given where it does: the sum of the positions up to which the logs are read.
   */
  async keepPassing(clock: Clock, signal: AbortSignal, appended?: () => number): Promise<void> {
    let committed = appended?.() ?? 0
    for (let times = 1; !signal.aborted; times++) {
      try {
        await clock.sleep(EVERY_MS, signal)
      } catch (error) {
        if (!signal.aborted) this.fail(error)
        return
      }
      const read = appended?.()
      const { everyTimes, mostEntries } = APPENDED
      if (read !== undefined && times < everyTimes && read - committed < mostEntries) continue
      await this.passed()
      committed = read ?? 0
      times = 0
    }
  }

  /** @throws the error of a commit that failed. */
  async settled(): Promise<void> {
    await Promise.all(this.pending)
    if (this.failed !== undefined) throw this.failed.error
  }

  private commit(onDone: () => void, onError: (error: unknown) => void): Promise<void> {
    const done = this.stream.commit().then(
      () => {
        this.pending.shift()
        onDone()
      },
      (error) => {
        this.pending.shift()
        onError(error)
      },
    )
    this.pending.push(done)
    return done
  }

  private fail(error: unknown): void {
    if (this.failed !== undefined) return
    this.failed = { error }
    this.onFailed()
  }
}
