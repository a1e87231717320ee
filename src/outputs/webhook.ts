import { z } from 'zod'
import { defineModule, type ModuleContext } from '../modules/definition.js'
import type { Finding } from '../types/finding.js'
import { deadLetterOptions } from './dead-letters.js'
import { Delivery } from './delivery.js'
import { mergedHeaders, post, refusesContent } from './http-post.js'
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
 * After any answer but 2xx the request is retried with growing waits, as long as `Retry-After` says at least, while later findings wait. A batch
 * that is refused for what is in it (400, 413, 422) is sent in smaller ones, down to the finding that is refused alone. With `deadLetters`,
 * findings go there that are refused for good (400, 413, 415, 422) or not accepted within `giveUpAfterMs`.
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
    setup: async (context): Promise<State> => ({
      ask: tools.fetch ?? fetch,
      delivery: await Delivery.open(context, refusesContent),
    }),
    onFindings(findings, context) {
      const { options, state } = context
      const size = Math.min(options.maxBatch, MOST_FINDINGS[options.shape])
      return state.delivery.sendBatches(findings, size, context, (batch, key) => send(batch, key, context))
    },
    teardown: ({ state }) => state.delivery.close(),
  })
}

async function send(findings: readonly Finding[], key: string, context: ModuleContext<Options, State>): Promise<void> {
  const { options, signal, clock, state } = context
  const body = webhookBody(options.shape, findings)
  const signed = options.secret === undefined ? {} : signatureHeaders(options.secret, body, clock.now())
  // A key of the user's would be the same for all requests: a receiver would take all but one for repeats.
  const own = { 'idempotency-key': key, ...signed }
  const headers = mergedHeaders({ 'content-type': 'application/json' }, options.headers, own)
  await post({ ask: state.ask, url: options.url, body, headers, signal, clock, name: 'webhook' })
}
