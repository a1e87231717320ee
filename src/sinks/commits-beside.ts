import { rawOf } from '../decode/index.js'
import type { CtStream } from '../stream/ct-stream.js'
import type { CtCertificate } from '../types/certificate.js'

/** What may wait for commits before another page is read: staged pages are outside the memory budget of the stream. */
const MOST_ENTRIES = 2048
const MOST_BYTES = 2 ** 24

/**
 * Commits while further pages are read. A stream has one commit at a time, of everything acknowledged before it, so a slow engine gets fewer
 * and larger transactions.
 */
export class CommitsBeside {
  private readonly stream: Pick<CtStream, 'commit'>
  private readonly onCommitted: () => void
  private readonly onFailed: () => void
  private entries = 0
  private bytes = 0
  /** In the order in which they end. */
  private readonly pending: Promise<void>[] = []
  private failed: { readonly error: unknown } | undefined

  /** @param onFailed - Called at once; {@link settled} throws the error. */
  constructor(stream: Pick<CtStream, 'commit'>, onCommitted: () => void, onFailed: () => void) {
    this.stream = stream
    this.onCommitted = onCommitted
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
    const done = this.stream.commit().then(
      () => {
        this.pending.shift()
        this.entries -= entries
        this.bytes -= bytes
        this.onCommitted()
      },
      (error) => {
        this.pending.shift()
        if (this.failed !== undefined) return
        this.failed = { error }
        this.onFailed()
      },
    )
    this.pending.push(done)
    while (this.entries > MOST_ENTRIES || this.bytes > MOST_BYTES) {
      await this.pending[0]
      if (this.failed !== undefined) throw this.failed.error
    }
  }

  /** @throws the error of a commit that failed. */
  async settled(): Promise<void> {
    await Promise.all(this.pending)
    if (this.failed !== undefined) throw this.failed.error
  }
}
