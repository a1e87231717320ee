/** Work that yields at each point where the event loop may run, and returns its result. */
export type Steps<T> = Generator<undefined, T, undefined>

/** Bytes to process between two pauses: a few milliseconds at most for all work there is. */
export const BYTES_PER_TURN = 1024 * 1024

/** Runs the work without pausing. */
export function atOnce<T>(steps: Steps<T>): T {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
  }
}

/**
 * Runs the work, returning to the event loop at each pause; work that never pauses is finished when this returns.
 * Rejects with `signal.reason` when aborted during a pause.
 */
export async function inTurns<T>(steps: Steps<T>, signal?: AbortSignal): Promise<T> {
  for (;;) {
    const { done, value } = steps.next()
    if (done) return value
    await new Promise<void>((resolve) => setImmediate(resolve))
    signal?.throwIfAborted()
  }
}
