import { CtStreamError } from '../errors.js'
import type { CtStream } from '../stream/ct-stream.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import type { Format } from './formats/format.js'
import { PageFormatter, type PageFormatterOptions } from './formats/format-page.js'
import type { Output } from './terminal/output.js'

/** What following needs of a stream. */
export type FollowedStream = AsyncIterable<CtCertificate> &
  Pick<CtStream, 'acknowledge' | 'close'> & { batches(): AsyncIterable<readonly CtCertificate[]> }

export interface FollowOptions {
  readonly format: Format
  readonly output: Output
  /** Certificates to write, at most; default: all. */
  readonly limit?: number
  /** Asks to finish: the page being written is completed, and acknowledged. */
  readonly stop: AbortSignal
  readonly clock: Clock
  readonly onMissing?: PageFormatterOptions['onMissing']
}

/** How long a reader that has stopped reading may delay the end, milliseconds: less than the 5 s promised for all of it. */
const PATIENCE_MS = 3000

/**
 * Writes a stream to an output until it ends, the limit is reached, the reader goes away, or `stop` aborts; then closes
 * it. A page is acknowledged when the operating system has taken all of it, so that nothing is committed that was not
 * written; the rest is delivered again by the next run.
 */
export async function follow(stream: FollowedStream, options: FollowOptions): Promise<void> {
  const { output, limit, stop } = options
  const pages = new PageFormatter(options)
  const giveUp = new AbortController()
  const done = new AbortController()
  let isWriting = false
  const onStop = () => {
    if (!isWriting) stream.close().catch(() => {})
    options.clock.sleep(PATIENCE_MS, done.signal).then(
      () => giveUp.abort(),
      () => {},
    )
  }
  stop.addEventListener('abort', onStop, { once: true })
  if (stop.aborted) onStop()
  try {
    let count = 0
    for await (const page of limit === undefined ? stream.batches() : singly(stream)) {
      const text = await pages.textOf(page)
      if (text === undefined) break
      isWriting = true
      const isWritten = await output.write(text, giveUp.signal)
      isWriting = false
      if (!isWritten) break
      stream.acknowledge()
      count += page.length
      if (stop.aborted || count === limit) break
    }
  } catch (error) {
    // Closing ends a waiting read with this error, which is expected here.
    if (!(stop.aborted && CtStreamError.is(error) && error.code === 'CT_CLOSED')) throw error
  } finally {
    stop.removeEventListener('abort', onStop)
    await stream.close()
    done.abort()
  }
}

/** A limit can fall into the middle of a page, so entries are taken and acknowledged one by one. */
async function* singly(stream: FollowedStream): AsyncGenerator<readonly CtCertificate[]> {
  for await (const cert of stream) yield [cert]
}
