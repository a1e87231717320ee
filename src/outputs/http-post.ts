import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { ENDED } from '../util/abort.js'
import { cutText, harmless } from '../util/harmless.js'
import { parseRetryAfter } from '../util/retry-after.js'

/** Statuses by which a receiver refuses a request for good, so that a retry is pointless. */
const REFUSALS = new Set([400, 413, 415, 422])
/** Those that say something of what is in the body: a part of it may be taken. */
const REFUSALS_OF_CONTENT = new Set([400, 413, 422])
/** Most characters of the receiver's answer in the error message. */
const EXCERPT = 200
/** Most bytes that are read of an answer. */
const MAX_ANSWER = 65_536
/** How long the body of an answer is waited for, milliseconds: the status has said what became of the request, and the body may never end. */
const ANSWER_MS = 5000

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
 * @returns The beginning of the answer: what arrives within 5 s of its status, or before `signal` aborts.
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
  const text = await startOf(response, clock)
  if (status >= 200 && status < 300) return text
  const excerpt = text === '' ? '' : `: ${cutText(harmless(text), EXCERPT)}`
  throw new CtStreamError('CT_OUTPUT_FAILED', `${where} answered ${status}${excerpt}`, {
    status,
    retryable: !REFUSALS.has(status),
    retryAfterMs: parseRetryAfter(response.headers.get('retry-after') ?? undefined, clock.now()),
  })
}

/** Whether a receiver refused a body for its size, or for what is in it. */
export function refusesContent(error: unknown): boolean {
  return CtStreamError.is(error) && REFUSALS_OF_CONTENT.has(error.status ?? 0)
}

/**
 * Headers of which later ones replace earlier ones of the same name, in whatever case: `fetch` would send both as one, with a comma.
 */
export function mergedHeaders(...all: readonly Readonly<Record<string, string>>[]): Record<string, string> {
  const byName = new Map<string, readonly [name: string, value: string]>()
  for (const entry of all.flatMap(Object.entries<string>)) byName.set(entry[0].toLowerCase(), entry)
  return Object.fromEntries(byName.values())
}

/** `fetch` has the reason only in the error's cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}

async function startOf(response: Response, clock: Clock): Promise<string> {
  const reader = response.body?.getReader()
  if (reader === undefined) return ''
  // A read under way ends with it.
  const leave = () => reader.cancel().catch(() => {})
  const timer = new AbortController()
  clock.sleep(ANSWER_MS, timer.signal).then(leave, () => {})
  const chunks: Uint8Array[] = []
  let bytes = 0
  try {
    while (bytes < MAX_ANSWER) {
      const { value } = await reader.read()
      if (value === undefined) break
      chunks.push(value)
      bytes += value.length
    }
  } catch {
    // What came before counts.
  }
  timer.abort(ENDED)
  void leave()
  return new TextDecoder().decode(Buffer.concat(chunks).subarray(0, MAX_ANSWER)).trim()
}
