import { readFileSync } from 'node:fs'
import { hostname } from 'node:os'
import { z } from 'zod'
import { CtStreamError } from '../errors.js'
import { defineModule, type ModuleContext } from '../modules/definition.js'
import type { Finding } from '../types/finding.js'
import { withDeadline } from '../util/deadline.js'
import { cutText, harmless } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import { deadLetterOptions } from './dead-letters.js'
import { Delivery } from './delivery.js'
import { framed, type SyslogSource, syslogMessage } from './syslog-message.js'
import { type SyslogServer, sendSyslog } from './syslog-send.js'

const FACILITIES = [
  ...['kern', 'user', 'mail', 'daemon', 'auth', 'syslog', 'lpr', 'news', 'uucp', 'cron', 'authpriv', 'ftp', 'ntp'],
  ...['audit', 'alert', 'clock', 'local0', 'local1', 'local2', 'local3', 'local4', 'local5', 'local6', 'local7'],
] as const

const file = z.string().min(1).optional()
const options = z.strictObject({
  url: z
    .string()
    .refine(isSyslogUrl, 'must be syslogs://host[:port], or syslog:// without TLS')
    .describe('The server: syslogs:// is TLS (port 6514), syslog:// plain TCP (port 601).'),
  ca: file.describe('A file of the authorities that the server is checked against (PEM). Default: those of Node.js.'),
  cert: file.describe('A file with the certificate that the server is shown (PEM).'),
  key: file.describe('A file with its key (PEM).'),
  servername: z.string().min(1).optional().describe('The name in the certificate of the server, where it is another.'),
  facility: z.enum(FACILITIES).default('authpriv'),
  hostname: z.string().min(1).max(255).optional().describe('Default: the name of the machine.'),
  appName: z.string().min(1).max(48).default('ct-stream'),
  enterprise: z
    .number()
    .int()
    .min(1)
    .default(32_473)
    .describe('The number behind `ct-stream@` in the structured data: yours by IANA. Default: that of examples.'),
  maxBatch: z.number().int().min(1).max(1000).default(100).describe('Findings over one connection, at most.'),
  ...deadLetterOptions,
})

type Options = z.output<typeof options>

interface State {
  readonly server: SyslogServer
  readonly source: SyslogSource
  readonly delivery: Delivery
}

const EXCERPT = 200
/** How long a server may take to read a batch. */
const TIMEOUT_MS = 20_000

/**
 * Sends findings as syslog: messages of RFC 5424 over TLS, framed as RFC 5425 says (over plain TCP as RFC 6587 does).
 *
 * What machines look for is structured data (`[ct-stream@32473 id="…" kind="…" subject="…" …]`), behind it is one line for people in which no name is
 * a link. Severities critical, high, medium, low and info are 2 to 6.
 *
 * Syslog has no acknowledgement: each batch has a connection of its own, and is delivered when the server has read it and closes its side.
 * Otherwise it is sent again with growing waits, with the same `id`s, while later findings wait; with `deadLetters` findings go there that were
 * not taken within `giveUpAfterMs`.
 *
 * @example
 * runModules(stream, [watchlist.with({ own: ['example.com'] }), syslog.with({ url: 'syslogs://siem.example.com', ca: 'ca.pem' })])
 */
export const syslog = defineModule({
  name: 'syslog',
  description: 'findings as syslog (RFC 5424) over TLS',
  options,
  acknowledge: true,
  async setup(context): Promise<State> {
    const { options } = context
    const { host, port, isTls } = partsOf(options.url)
    const { ca, cert, key, servername } = options
    if (!isTls && [ca, cert, key, servername].some((value) => value !== undefined))
      throw new CtStreamError(
        'CT_OPTION_INVALID',
        'the syslog output has options of TLS: begin its url with syslogs://',
      )
    const tls = {
      ...pem('ca', ca),
      ...pem('cert', cert),
      ...pem('key', key),
      ...(servername !== undefined && { servername }),
    }
    return {
      server: { host, port, tls: isTls ? tls : undefined },
      source: {
        facility: FACILITIES.indexOf(options.facility),
        hostname: options.hostname ?? hostname(),
        appName: options.appName,
        enterprise: options.enterprise,
      },
      delivery: await Delivery.open(context),
    }
  },
  onFindings: (findings, context) =>
    context.state.delivery.sendBatches(findings, context.options.maxBatch, context, (batch) => send(batch, context)),
  teardown: ({ state }) => state.delivery.close(),
})

export default syslog

async function send(findings: readonly Finding[], context: ModuleContext<Options, State>): Promise<void> {
  const { state, options, signal, clock } = context
  const bytes = Buffer.concat(findings.map((finding) => framed(syslogMessage(finding, state.source))))
  const over = new AbortController()
  try {
    const sent = sendSyslog(state.server, bytes, AbortSignal.any([signal, over.signal]))
    await withDeadline(sent, clock, TIMEOUT_MS, () => {
      over.abort()
      return new Error(`it did not read them in ${TIMEOUT_MS / 1000} s`)
    })
  } catch (cause) {
    signal.throwIfAborted()
    const why = cutText(harmless(messageOf(cause)), EXCERPT)
    throw new CtStreamError('CT_OUTPUT_FAILED', `syslog server ${options.url} did not take findings: ${why}`, {
      cause,
      retryable: true,
    })
  }
}

function partsOf(text: string) {
  const url = new URL(text)
  const isTls = url.protocol === 'syslogs:'
  return {
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: url.port === '' ? (isTls ? 6514 : 601) : Number(url.port),
    isTls,
  }
}

function isSyslogUrl(text: string): boolean {
  return /^syslogs?:\/\/(?:\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::\d{1,5})?\/?$/.test(text) && URL.canParse(text)
}

function pem(name: 'ca' | 'cert' | 'key', path: string | undefined) {
  if (path === undefined) return {}
  try {
    return { [name]: readFileSync(path, 'utf8') }
  } catch (cause) {
    throw new CtStreamError(
      'CT_OPTION_INVALID',
      `the syslog output's file of ${name} cannot be read: ${messageOf(cause)}`,
      {
        cause,
      },
    )
  }
}
