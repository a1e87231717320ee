import { setMaxListeners } from 'node:events'

/** An abort controller that also aborts when `parent` does, until it is unlinked. */
export interface LinkedController {
  readonly signal: AbortSignal
  /** Aborts and unlinks. */
  abort(reason?: unknown): void
  /** Stops listening to the parent. Idempotent. */
  unlink(): void
}

/**
 * A child of `parent`. `AbortSignal.any` would do, except for memory: its links to a parent that lives for months are not
 * reliably released on Node 20 (nodejs/node#54614), and a stream makes one per request.
 */
export function linkedController(parent: AbortSignal): LinkedController {
  const controller = quietController()
  const onAbort = () => controller.abort(parent.reason)
  const unlink = () => parent.removeEventListener('abort', onAbort)
  if (parent.aborted) onAbort()
  else parent.addEventListener('abort', onAbort, { once: true })
  return {
    signal: controller.signal,
    unlink,
    abort(reason) {
      unlink()
      controller.abort(reason)
    },
  }
}

/** Settles as `promise` does, or rejects with `signal.reason` if `signal` aborts first. */
export async function abortable<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  signal.throwIfAborted()
  let onAbort = () => {}
  const aborted = new Promise<never>((_resolve, reject) => {
    onAbort = () => reject(signal.reason)
  })
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    return await Promise.race([promise, aborted])
  } finally {
    signal.removeEventListener('abort', onAbort)
  }
}

/**
 * Abort reason for waits whose rejection nobody inspects. Without a reason `abort()` makes a `DOMException` with a stack, which costs
 * 40 µs, twice for each request.
 */
export const ENDED: unknown = Object.freeze(new Error('no longer waited for'))

/** An abort controller without Node's warning of too many listeners: each request under way adds one. */
export function quietController(): AbortController {
  const controller = new AbortController()
  setMaxListeners(0, controller.signal)
  return controller
}
