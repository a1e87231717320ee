import { createTransport, type Transporter } from 'nodemailer'
import { z } from 'zod'
import { CtStreamError } from '../errors.js'
import { defineModule, type ModuleContext } from '../modules/definition.js'
import type { Logger } from '../types/clock.js'
import type { Finding } from '../types/finding.js'
import { cutText, harmless } from '../util/harmless.js'
import { isLoopback } from '../util/loopback.js'
import { isPercentEncoded } from '../util/percent-encoded.js'
import { deadLetterOptions } from './dead-letters.js'
import { Delivery } from './delivery.js'
import { mailSubject, mailText } from './mail-text.js'

/** One address; refuses characters that could make it a list or add a header. */
const address = z
  .string()
  .regex(/^[^\s<>,;:"\\()[\]]{1,64}@[^\s<>,;:"\\()@]{1,255}$/, 'must be an address such as soc@example.com')

const options = z.strictObject({
  url: z
    .string()
    .refine(
      isMailUrl,
      'must be smtp://[user:password@]host[:port] or smtps://…, with %25 for a "%" in user or password',
    )
    .describe(
      'The mail server: smtps:// is TLS from the beginning, smtp:// by STARTTLS, which is required with a password.',
    ),
  to: z.array(address).min(1).max(100).describe('Who gets the mails.'),
  from: address.optional().describe('Who they come from. Default: the first of `to`.'),
  maxBatch: z.number().int().min(1).max(1000).default(50).describe('Findings in one mail, at most.'),
  ...deadLetterOptions,
})

type Options = z.output<typeof options>

interface State {
  readonly transporter: Transporter
  readonly delivery: Delivery
}

/** How long a server may be silent, milliseconds. */
const TIMEOUT_MS = 20_000
const EXCERPT = 200

/**
 * Sends findings by e-mail, several in one mail.
 *
 * Mails are plain text, in which no name is a link. A mail has the same `Message-ID` in every attempt. A mail that fails is retried with
 * growing waits, while later findings wait. With `deadLetters`, findings go there that the server refuses for good (a status of 5xx for all
 * recipients or the message), or does not accept within `giveUpAfterMs`; a mail that is refused for its text or size is sent in smaller ones first, down
 * to the finding that is refused alone. When only some recipients are refused, a warning is logged.
 *
 * Keep the password out of files and command lines: the command line takes the URL from `CT_STREAM_SMTP`.
 */
export const smtp = defineModule({
  name: 'smtp',
  description: 'findings by e-mail',
  options,
  acknowledge: true,
  limits: { timeoutMs: 120_000 },
  async setup(context): Promise<State> {
    const { options, log } = context
    const delivery = await Delivery.open(context, refusesMail)
    const transporter = createTransport(transportOf(options.url))
    await greet(transporter, options, log)
    return { transporter, delivery }
  },
  onFindings: (findings, context) =>
    context.state.delivery.sendBatches(findings, context.options.maxBatch, context, (batch, key) =>
      send(batch, key, context),
    ),
  async teardown({ state }) {
    state.transporter.close()
    await state.delivery.close()
  },
})

export default smtp

/** Fails at the start rather than with the first alert; only warns when the server is down, as it may come back. */
async function greet(transporter: Transporter, { url }: Options, log: Logger): Promise<void> {
  try {
    await transporter.verify()
  } catch (error) {
    log.warn(`${whereOf(url)} cannot be used yet, findings will wait: ${reasonOf(error)}`)
  }
}

async function send(findings: readonly Finding[], key: string, context: ModuleContext<Options, State>): Promise<void> {
  const { options, state, signal, clock, log } = context
  const { to, from = to[0] as string, url } = options
  signal.throwIfAborted()
  let rejected: readonly unknown[]
  try {
    const answer = await state.transporter.sendMail({
      from: { name: 'ct-stream', address: from },
      to: [...to],
      subject: mailSubject(findings),
      text: mailText(findings),
      date: new Date(clock.now()),
      messageId: `<${key}.ct-stream@${from.slice(from.lastIndexOf('@') + 1)}>`,
      // RFC 3834: suppresses automatic replies.
      headers: { 'Auto-Submitted': 'auto-generated' },
      // A mail that goes on when its call is over would arrive beside the next attempt.
      signal,
    })
    rejected = answer.rejected ?? []
  } catch (cause) {
    throw new CtStreamError('CT_OUTPUT_FAILED', `${whereOf(url)} did not take a mail: ${reasonOf(cause)}`, {
      cause,
      retryable: !isRefusal(cause),
    })
  }
  if (rejected.length > 0)
    log.warn(`${whereOf(url)} refused ${rejected.length} of ${to.length} recipients: ${rejected.join(', ')}`)
}

function transportOf(text: string) {
  const url = new URL(text)
  const secure = url.protocol === 'smtps:'
  const host = url.hostname.replace(/^\[|\]$/g, '')
  const user = decodeURIComponent(url.username)
  return {
    host,
    port: url.port === '' ? (secure ? 465 : 587) : Number(url.port),
    secure,
    // Never sends a password unencrypted over the network.
    requireTLS: user !== '' && !isLoopback(url.hostname),
    ...(user === '' ? {} : { auth: { user, pass: decodeURIComponent(url.password) } }),
    connectionTimeout: TIMEOUT_MS,
    greetingTimeout: TIMEOUT_MS,
    socketTimeout: TIMEOUT_MS,
    dnsTimeout: TIMEOUT_MS,
    disableFileAccess: true,
    disableUrlAccess: true,
  }
}

function isMailUrl(text: string): boolean {
  const url = URL.canParse(text) ? new URL(text) : undefined
  return (
    /^smtps?:$/.test(url?.protocol ?? '') &&
    url?.hostname !== '' &&
    /^\/?$/.test(url?.pathname ?? '') &&
    url?.search === '' &&
    isPercentEncoded(url.username) &&
    isPercentEncoded(url.password)
  )
}

/** The server for messages, without the password. */
function whereOf(url: string): string {
  return `mail server ${new URL(url).host}`
}

/** Whether the server refuses a mail for good for its text or size, such as for a name in it that is on a blocklist. */
function refusesMail(error: unknown): boolean {
  if (!CtStreamError.is(error) || error.retryable) return false
  const { responseCode, code } = (error.cause ?? {}) as { readonly responseCode?: number; readonly code?: string }
  // 552 also answers to the size that is announced before the recipients.
  return code === 'EMESSAGE' || responseCode === 552
}

/** Whether the server refuses these recipients or this message for good. A wrong password does not count: somebody will correct it. */
function isRefusal(error: unknown): boolean {
  const { responseCode, code } = (error ?? {}) as { readonly responseCode?: number; readonly code?: string }
  return (responseCode ?? 0) >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE')
}

function reasonOf(error: unknown): string {
  return cutText(harmless(error instanceof Error ? error.message : String(error)), EXCERPT)
}
