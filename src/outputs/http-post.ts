import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { cutText, harmless } from '../util/harmless.js'
import { parseRetryAfter } from '../util/retry-after.js'

/** Statuses by which a receiver refuses a request for good, so that a retry is pointless. */
const REFUSALS = new Set([400, 413, 415, 422])
/** Most characters of the receiver's answer in the error message. */
const EXCERPT = 200
/** Most bytes that are read of an answer. */
const MAX_ANSWER = 65_536

/** A request, and what it is sent with. */
export interface Post {
  readonly ask: typeof fetch
  readonly url: string
  readonly body: string | Buffer
  readonly headers: Readonly<Record<string, string>>
  readonly signal: AbortSignal
  readonly clock: Clock
  /** What the receiver is, for messages: `webhook`. */
  readonly name: string
}

/**
 * Sends a body by POST; redirects are not followed. Messages name the origin of the URL alone: the rest may be secret, as Slack's is.
 *
 * @returns The beginning of the answer.
 * @throws {@link CtStreamError} `CT_OUTPUT_FAILED` after any status but 2xx, not retryable after one that refuses for good.
 */
export async function post({ ask, url, body, headers, signal, clock, name }: Post): Promise<string> {
  const where = `${name} ${new URL(url).origin}`
  let response: Response
  try {
    response = await ask(url, { method: 'POST', body, headers, redirect: 'manual', signal })
  } catch (cause) {
    throw new CtStreamError('CT_OUTPUT_FAILED', `${where} cannot be reached: ${reasonOf(cause)}`, {
      cause,
      retryable: true,
    })
  }
  const { status } = response
  const text = await startOf(response)
  if (status >= 200 && status < 300) return text
  const excerpt = text === '' ? '' : `: ${cutText(harmless(text), EXCERPT)}`
  throw new CtStreamError('CT_OUTPUT_FAILED', `${where} answered ${status}${excerpt}`, {
    status,
    retryable: !REFUSALS.has(status),
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after') ?? undefined, clock.now()),
  })
}

/** `fetch` has the reason only in the error's cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}

async function startOf(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    while (bytes < MAX_ANSWER) {
      const chunk = await reader?.read()
      if (chunk?.value === undefined) break
      chunks.push(chunk.value)
      bytes += chunk.value.length
    }
    return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, MAX_ANSWER)).trim()
  } catch {
    return ''
  } finally {
    reader?.releaseLock()
    await response.body?.cancel().catch(() => {})
  }
}
