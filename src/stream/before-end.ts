import type { CtStream } from './ct-stream.js'

/** Of `Symbol.for`: a pump may be of another copy of the library than its stream. */
export const beforeEnd = Symbol.for('ct-stream.before-end')

/**
 * Has a stream call this, and wait for it, when all its logs are read, before it ends or says what is missing: the last moment to commit
 * what the filter dropped since the last certificate. Without effect on streams of another make.
 */
export function setBeforeEnd(stream: CtStream, call: () => Promise<void>): void {
  if (beforeEnd in stream) stream[beforeEnd] = call
}
