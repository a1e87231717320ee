/** Work that pauses wherever the event loop may have its turn, and returns its result. */
export type Steps<T> = Generator<undefined, T, undefined>

/** Bytes that are worked on between two pauses: a few milliseconds at most, whatever is done with them. */
export const BYTES_PER_TURN = 1024 * 1024

/** Does all of it at once. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/**
 * Does it in as many turns of the event loop as it pauses for; work that never pauses is done when this returns.
 * Rejects with `signal.reason` when aborted between two turns.
 */
export async function inTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await new Promise<void>((resolve) => setImmediate(resolve))
    signal?.throwIfAborted()
  }
}
