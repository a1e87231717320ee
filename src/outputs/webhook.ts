import { z } from 'zod'
import { CtStreamError } from '../errors.js'
import { defineModule, type ModuleContext } from '../modules/definition.js'
import type { Finding } from '../types/finding.js'
import { cutText, harmless } from '../util/harmless.js'
import { parseRetryAfter } from '../util/retry-after.js'
import { deadLetterOptions } from './dead-letters.js'
import { Delivery } from './delivery.js'
import { MOST_FINDINGS, webhookBody } from './webhook-body.js'
import { signatureHeaders } from './webhook-signature.js'

export { SIGNATURE_HEADER, TIMESTAMP_HEADER, verifyWebhook } from './webhook-signature.js'

const options = z.strictObject({
  url: z.url({ protocol: /^https?$/ }).describe('Where findings are sent by POST. Redirects are not followed.'),
  shape: z.enum(['json', 'slack', 'teams', 'discord']).default('json').describe('What the receiver expects.'),
  secret: z.string().min(16).optional().describe('Signs each request with HMAC-SHA256: at least 16 characters.'),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string().regex(/^[\x20-\x7e]*$/)).default({}),
  maxBatch: z.number().int().min(1).max(1000).default(100).describe('Findings in one request, at most.'),
  ...deadLetterOptions,
})

type Options = z.output<typeof options>

/** Statuses by which a receiver refuses a request for good, so that a retry is pointless. */
const REFUSALS = new Set([400, 413, 415, 422])
/** Most bytes of the receiver's answer in the error message. */
const EXCERPT = 200

/** Functions that the module uses, for programs that replace them; all optional. */
export interface WebhookTools {
  /** Sends the requests, such as through a proxy. Default: the global `fetch`. */
  readonly fetch?: typeof fetch
}

interface State {
  readonly ask: typeof fetch
  readonly delivery: Delivery
}

/**
 * Sends findings to a URL, in batches.
 *
 * The body is `{ "version": 1, "findings": [Finding, …] }`, or a message of Slack, Teams or Discord (in which names are no links and
 * nobody is mentioned). `Idempotency-Key` is a hash of the ids in it, the same in every attempt. With `secret`, `X-Ct-Stream-Timestamp`
 * and `X-Ct-Stream-Signature` sign it: see {@link verifyWebhook}.
 *
 * After any answer but 2xx the request is retried with growing waits, or as `Retry-After` says, while later findings wait. With
 * `deadLetters`, findings go there that are refused for good (400, 413, 415, 422) or not accepted within `giveUpAfterMs`.
 */
export const webhook = webhookModule()

export default webhook

/**
 * Makes the module {@link webhook} with your own `fetch`.
 *
 * @example
 * runModules(stream, [watchlist.with({ own: ['example.com'] }), webhookModule({ fetch: myFetch }).with({ url })])
 */
export function webhookModule(tools: WebhookTools = {}) {
  return defineModule({
    name: 'webhook',
    description: 'findings by HTTP POST: JSON, Slack, Teams, Discord',
    options,
    acknowledge: true,
    setup: async (context): Promise<State> => ({ ask: tools.fetch ?? fetch, delivery: await Delivery.open(context) }),
    onFindings(findings, context) {
      const { options, state, sinceMs } = context
      const size = Math.min(options.maxBatch, MOST_FINDINGS[options.shape])
      return state.delivery.sendBatches(findings, size, sinceMs, (batch, key) => post(batch, key, context))
    },
    teardown: ({ state }) => state.delivery.close(),
  })
}

async function post(findings: readonly Finding[], key: string, context: ModuleContext<Options, State>): Promise<void> {
  const { options, signal, clock, state } = context
  const body = webhookBody(options.shape, findings)
  const signed = options.secret === undefined ? {} : signatureHeaders(options.secret, body, clock.now())
  // Only the origin: the rest of a URL may be secret, as Slack's is, and must not be logged.
  const where = `webhook ${new URL(options.url).origin}`
  let response: Response
  try {
    response = await state.ask(options.url, {
      method: 'POST',
      body,
      headers: { ...options.headers, 'content-type': 'application/json', 'idempotency-key': key, ...signed },
      redirect: 'manual',
      signal,
    })
  } catch (cause) {
    throw new CtStreamError('CT_OUTPUT_FAILED', `${where} cannot be reached: ${reasonOf(cause)}`, {
      cause,
      retryable: true,
    })
  }
  const { status, headers } = response
  const excerpt = status >= 200 && status < 300 ? '' : await startOf(response)
  await response.body?.cancel().catch(() => {})
  if (status >= 200 && status < 300) return
  throw new CtStreamError('CT_OUTPUT_FAILED', `${where} answered ${status}${excerpt}`, {
    status,
    retryable: !REFUSALS.has(status),
    retryAfterMs: parseRetryAfter(headers.get('retry-after') ?? undefined, clock.now()),
  })
}

/** `fetch` has the reason only in the error's cause. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error
  return cause instanceof Error ? cause.message : String(cause)
}

async function startOf(response: Response): Promise<string> {
  const reader = response.body?.getReader()
  try {
    const chunk = await reader?.read()
    const text = new TextDecoder().decode(chunk?.value?.subarray(0, EXCERPT * 4)).trim()
    return text === '' ? '' : `: ${cutText(harmless(text), EXCERPT)}`
  } catch {
    return ''
  } finally {
    reader?.releaseLock()
  }
}
