import { z } from 'zod'
import { CtStreamError } from '../errors.js'
import { defineModule, type ModuleContext } from '../modules/definition.js'
import type { Finding } from '../types/finding.js'
import { cutText, harmless } from '../util/harmless.js'
import { deadLetterOptions } from './dead-letters.js'
import { Delivery } from './delivery.js'
import { mergedHeaders, post, refusesContent } from './http-post.js'
import { otlpRequest } from './otlp-body.js'

const options = z.strictObject({
  url: z
    .url({ protocol: /^https?$/ })
    .default('http://localhost:4318/v1/logs')
    .describe('Where a collector takes logs by OTLP over HTTP.'),
  headers: z.record(z.string().regex(/^[A-Za-z0-9-]+$/), z.string().regex(/^[\x20-\x7e]*$/)).default({}),
  serviceName: z.string().min(1).max(255).default('ct-stream').describe('The resource attribute `service.name`.'),
  maxBatch: z.number().int().min(1).max(1000).default(100).describe('Findings in one request, at most.'),
  ...deadLetterOptions,
})

type Options = z.output<typeof options>

/** Most characters of the receiver's answer in the error message. */
const EXCERPT = 200

/**
 * Sends findings as log records of OpenTelemetry, by OTLP over HTTP in JSON, in batches.
 *
 * A record has the event name `ct_stream.finding`, one line for people as its body, and attributes `ct_stream.finding.id`, `….kind`, `….subject`,
 * `….score`, `ct_stream.log.id`, `….index`, and `tls.server.…` of the certificate, where the semantic conventions have a name. Severities critical,
 * high, medium, low and info are FATAL, ERROR, WARN, INFO2 and INFO.
 *
 * After any answer but 2xx the request is retried with growing waits, as long as `Retry-After` says at least, while later findings wait. A batch
 * that is refused for what is in it (400, 413, 422) is sent in smaller ones, down to the finding that is refused alone. So is one of which the
 * collector took a part (`partialSuccess`), as it does not say which: what it took, it gets again a few times at most, with the same
 * `ct_stream.finding.id`. With `deadLetters`, findings go there that are refused for good (400, 413, 415, 422, `partialSuccess`), or not accepted
 * within `giveUpAfterMs`.
 *
 * @example
 * runModules(stream, [watchlist.with({ own: ['example.com'] }), otlp.with({ url: 'https://collector.example.com/v1/logs' })])
 */
export const otlp = defineModule({
  name: 'otlp',
  description: 'findings as OpenTelemetry logs',
  options,
  acknowledge: true,
  setup: (context) => Delivery.open(context, (error) => refusesSome(error) || refusesContent(error)),
  onFindings: (findings, context) =>
    context.state.sendBatches(findings, context.options.maxBatch, context, (batch) => send(batch, context)),
  teardown: ({ state }) => state.close(),
})

export default otlp

async function send(findings: readonly Finding[], context: ModuleContext<Options, Delivery>): Promise<void> {
  const { options, signal, clock } = context
  const { url, serviceName } = options
  const body = JSON.stringify(otlpRequest(findings, serviceName, clock.now()))
  const headers = mergedHeaders({ 'content-type': 'application/json' }, options.headers)
  const answer = await post({ ask: fetch, url, body, headers, signal, clock, name: 'collector' })
  const refused = partialSuccess(answer)
  if (refused === undefined) return
  throw new CtStreamError(
    'CT_OUTPUT_FAILED',
    `collector ${new URL(url).origin} refused ${refused.count} of ${findings.length} findings: ${refused.why}`,
    { status: 200 },
  )
}

/** Whether an answer of 200 did not take all records. */
function refusesSome(error: unknown): boolean {
  return CtStreamError.is(error) && error.status === 200
}

/** What an answer of 200 says of records that were not taken all the same. */
function partialSuccess(answer: string): { readonly count: number; readonly why: string } | undefined {
  let parsed: unknown
  try {
    parsed = JSON.parse(answer)
  } catch {
    return undefined
  }
  const { partialSuccess } = (parsed ?? {}) as {
    partialSuccess?: { rejectedLogRecords?: unknown; errorMessage?: unknown } | null
  }
  // 64-bit integers are text in this JSON.
  const count = Number(partialSuccess?.rejectedLogRecords ?? 0)
  if (!(count > 0)) return undefined
  return { count, why: cutText(harmless(String(partialSuccess?.errorMessage ?? '')), EXCERPT) || 'it does not say why' }
}
