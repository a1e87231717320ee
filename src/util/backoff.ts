/** How the wait grows from one failed attempt to the next. */
export interface BackoffPolicy {
  /** Wait before the second attempt, milliseconds. */
  readonly baseMs: number
  /** The longest wait, milliseconds. */
  readonly maxMs: number
}

/**
 * Full-jitter exponential backoff: a random wait in `[cap / 2, cap]` with `cap = min(maxMs, baseMs * 2^attempt)`.
 *
 * The lower half is excluded so that a client never retries at once by chance.
 *
 * @param attempt - Failed attempts so far, less one: 0 after the first failure.
 * @param random - Uniform in [0, 1).
 */
export function backoffDelay(policy: BackoffPolicy, attempt: number, random: () => number): number {
  const cap = Math.min(policy.maxMs, policy.baseMs * 2 ** Math.min(attempt, 30))
  return Math.round(cap / 2 + (cap / 2) * random())
}
