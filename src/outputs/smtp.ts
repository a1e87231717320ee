import { createTransport, type Transporter } from 'nodemailer'
import { z } from 'zod'
import { CtStreamError } from '../errors.js'
import { defineModule, type ModuleContext } from '../modules/definition.js'
import type { Logger } from '../types/clock.js'
import type { Finding } from '../types/finding.js'
import { cutText, harmless } from '../util/harmless.js'
import { isLoopback } from '../util/loopback.js'
import { deadLetterOptions } from './dead-letters.js'
import { Delivery } from './delivery.js'
import { mailSubject, mailText } from './mail-text.js'

/** Neither a list nor a header of one's own can be made of it. */
const address = z
  .string()
  .regex(/^[^\s<>,;:"\\()[\]]{1,64}@[^\s<>,;:"\\()@]{1,255}$/, 'must be an address such as soc@example.com')

const options = z.strictObject({
  url: z
    .string()
    .refine(isMailUrl, 'must be smtp://[user:password@]host[:port] or smtps://…')
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

/** A server that says nothing for so long is none, milliseconds. */
const TIMEOUT_MS = 20_000
const EXCERPT = 200

/**
 * Sends findings by e-mail, several in one.
 *
 * Plain text, in which no name is a link. A mail has the same `Message-ID` in every attempt. What the server does not take is tried again
 * with growing waits, and findings wait meanwhile; with `deadLetters`, what it refuses for good (a status of 5xx for the recipients or
 * the message) or did not take for `giveUpAfterMs` goes there. A recipient that alone is refused is warned of.
 *
 * A password is best kept out of files and command lines: at the terminal, `CT_STREAM_SMTP` is the URL.
 */
export const smtp = defineModule({
  name: 'smtp',
  description: 'findings by e-mail',
  options,
  acknowledge: true,
  limits: { timeoutMs: 120_000 },
  async setup(context): Promise<State> {
    const { options, log } = context
    const delivery = await Delivery.open(context)
    const transporter = createTransport(transportOf(options.url))
    await greet(transporter, options, log)
    return { transporter, delivery }
  },
  onFindings: (findings, context) =>
    context.state.delivery.sendBatches(findings, context.options.maxBatch, context.sinceMs, (batch, key) =>
      send(batch, key, context),
    ),
  async teardown({ state }) {
    state.transporter.close()
    await state.delivery.close()
  },
})

export default smtp

/** Says at once what would be found out with the first alert. A server may be down for a while: that is no reason not to begin. */
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
      // RFC 3834: nobody's vacation answers.
      headers: { 'Auto-Submitted': 'auto-generated' },
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
    // A password is not told to whoever is between.
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
    url?.search === ''
  )
}

/** Without the password. */
function whereOf(url: string): string {
  return `mail server ${new URL(url).host}`
}

/** Of these recipients, or of this message; of a wrong password it is not: somebody will put it right. */
function isRefusal(error: unknown): boolean {
  const { responseCode, code } = (error ?? {}) as { readonly responseCode?: number; readonly code?: string }
  return (responseCode ?? 0) >= 500 && (code === 'EENVELOPE' || code === 'EMESSAGE')
}

function reasonOf(error: unknown): string {
  return cutText(harmless(error instanceof Error ? error.message : String(error)), EXCERPT)
}
