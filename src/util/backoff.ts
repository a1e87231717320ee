/** How waiting grows between attempts at the same thing. */
export interface BackoffPolicy {
  /** Wait before the second attempt, milliseconds. */
  readonly baseMs: number
  /** The longest wait, milliseconds. */
  readonly maxMs: number
}

/**
 * Full-jitter exponential backoff: a random wait in `[cap / 2, cap]` with `cap = min(maxMs, baseMs * 2^attempt)`.
 *
 * The lower half is kept so that a client never hammers by luck.
 *
 * @param attempt - Failed attempts so far, less one: 0 after the first failure.
 * @param random - Uniform in [0, 1).
 */
export function backoffDelay(policy: BackoffPolicy, attempt: number, random: () => number): number {
  const cap = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(attempt, 30))
  return Math.round(cap / 2 + (cap / 2) * random())
}
