import { CtStreamError } from '../errors.js'
import { type DedupeSettings, dedupeOption } from '../filter/dedupe.js'
import type { EntryFilter } from '../filter/entry-filter.js'
import { filterOption } from '../filter/filter-option.js'
import { isProxyUrl, PROXY_URL } from '../http/proxy.js'
import type { Clock, Logger } from '../types/clock.js'
import type { DedupeOption, Filter } from '../types/filter.js'
import { elapsedOf, systemClock } from '../util/clock.js'
import { isLoopback } from '../util/loopback.js'
import { booleanOption, integerOption, objectOption, optionError } from '../util/options.js'

/** What `certStream()` can be told. */
export interface CertStreamOptions {
  /**
   * Of the server: `wss:`, or `ws:` on this machine. Its path says what is sent, as `/` (lite), `/full-stream`, `/domains-only`; with
   * `/full-stream` certificates are decoded from their DER and have all their fields.
   */
  readonly url: string | URL
  /**
   * Go on after this certificate: its `cursor`. At most 4096 characters. Default: from now on. Only where the server has cursors,
   * as `ct-stream serve` does; others pass over it, which is told as a `gap`.
   */
  readonly after?: string
  /** Which certificates are delivered; as in `ctStream()`. What a message does not tell cannot be judged, and passes. Default: all. */
  readonly filter?: Filter
  /** Drops what was delivered before; as in `ctStream()`. Messages without DER are compared by fingerprint. Default `false`. */
  readonly dedupe?: DedupeOption
  /**
   * What may be received and not yet read; then the connection is not read any more. Bytes, 65,536 to 2^30, default 16 MiB. One
   * message, and 64 KiB, may come on top.
   */
  readonly maxBufferedBytes?: number
  /** A larger message ends the connection (`CT_RESPONSE_TOO_LARGE`). Bytes, 1024 to 2^28, default 32 MiB: more than any certificate and chain. */
  readonly maxMessageBytes?: number
  /**
   * How often the server is pinged. Milliseconds, 1000 to 3,600,000, default 15,000: some servers drop who says nothing for a minute. Twice
   * in {@link silenceTimeoutMs} at least.
   */
  readonly pingIntervalMs?: number
  /**
   * A server of which nothing was heard for so long, no pong either, is connected to anew. Milliseconds, 1000 to 3,600,000,
   * default 60,000.
   */
  readonly silenceTimeoutMs?: number
  /** How long connecting may take. Milliseconds, 100 to 600,000, default 10,000. */
  readonly connectTimeoutMs?: number
  /** Sent with the request, such as `{ authorization: 'Bearer …' }`. Default none but `User-Agent`. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * Connect through this proxy: an http or https URL, which may hold user and password (%25 for a "%" in them). TLS is spoken
   * through it, with the server itself. Default: none.
   */
  readonly proxy?: string | URL
  /** Accept `ws:` of other hosts than this machine: everybody between you and the server can change what it says. Default `false`. */
  readonly allowHttp?: boolean
  /** Ends the stream: a read that waits rejects with its reason. */
  readonly signal?: AbortSignal
  /** Default: silent. */
  readonly logger?: Logger
  /** Time, for tests. Default: the machine's clock. */
  readonly clock?: Clock
  /** Uniform in [0, 1), for jitter. Default `Math.random`. */
  readonly random?: () => number
}

/** {@link CertStreamOptions}, checked and complete. */
export interface ClientSettings {
  readonly url: URL
  /** Without what may be secret: user, password, query. */
  readonly shownUrl: string
  readonly after: string | undefined
  readonly filter: EntryFilter | undefined
  readonly dedupe: DedupeSettings | undefined
  readonly maxBufferedBytes: number
  readonly maxMessageBytes: number
  readonly pingIntervalMs: number
  readonly silenceTimeoutMs: number
  readonly connectTimeoutMs: number
  readonly headers: Readonly<Record<string, string>>
  readonly proxy: URL | undefined
  readonly signal: AbortSignal | undefined
  readonly logger: Logger | undefined
  readonly clock: Clock
  readonly elapsed: () => number
  readonly random: () => number
}

/** What is not given. */
export const CERTSTREAM_DEFAULTS = Object.freeze({
  maxBufferedBytes: 16 * 1024 * 1024,
  maxMessageBytes: 32 * 1024 * 1024,
  pingIntervalMs: 15_000,
  silenceTimeoutMs: 60_000,
  connectTimeoutMs: 10_000,
})

const KEYS: readonly (keyof CertStreamOptions)[] = [
  'url',
  'after',
  'filter',
  'dedupe',
  'maxBufferedBytes',
  'maxMessageBytes',
  'pingIntervalMs',
  'silenceTimeoutMs',
  'connectTimeoutMs',
  'headers',
  'proxy',
  'allowHttp',
  'signal',
  'logger',
  'clock',
  'random',
]
const HOUR = 3_600_000
const MAX_AFTER = 4096

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` at once, naming the option. */
export function clientSettings(given: string | URL | CertStreamOptions): ClientSettings {
  const isUrl = typeof given === 'string' || given instanceof URL
  const options = objectOption<CertStreamOptions>('options', isUrl ? { url: given } : given, KEYS)
  const { after, signal, clock = systemClock, random = Math.random, logger } = options
  if (after !== undefined && (typeof after !== 'string' || after === '' || after.length > MAX_AFTER))
    throw optionError('after', `the cursor of a certificate, 1 to ${MAX_AFTER} characters`, after)
  if (signal !== undefined && !(signal instanceof AbortSignal)) throw optionError('signal', 'an AbortSignal', signal)
  if (typeof clock?.now !== 'function' || typeof clock.sleep !== 'function')
    throw optionError('clock', 'an object with now() and sleep()', clock)
  if (typeof random !== 'function') throw optionError('random', 'a function', random)
  const url = urlOption(options.url, booleanOption('allowHttp', options.allowHttp, false))
  const between = (name: keyof typeof CERTSTREAM_DEFAULTS, min: number, max: number) =>
    integerOption(name, options[name], min, max, CERTSTREAM_DEFAULTS[name])
  const silenceTimeoutMs = between('silenceTimeoutMs', 1000, HOUR)
  return {
    url,
    shownUrl: `${url.protocol}//${url.host}${url.pathname}`,
    after,
    filter: filterOption('filter', options.filter),
    dedupe: dedupeOption('dedupe', options.dedupe),
    maxBufferedBytes: between('maxBufferedBytes', 65_536, 2 ** 30),
    maxMessageBytes: between('maxMessageBytes', 1024, 2 ** 28),
    // A quiet server would be given up before it is asked.
    pingIntervalMs: Math.min(between('pingIntervalMs', 1000, HOUR), silenceTimeoutMs / 2),
    silenceTimeoutMs,
    connectTimeoutMs: between('connectTimeoutMs', 100, 600_000),
    headers: headersOption(options.headers),
    proxy: proxyOption(options.proxy),
    signal,
    logger,
    clock,
    elapsed: elapsedOf(clock),
    random,
  }
}

function urlOption(value: unknown, allowHttp: boolean): URL {
  const text = value instanceof URL ? value.href : value
  if (typeof text !== 'string' || !URL.canParse(text)) throw optionError('url', 'a wss: URL', value)
  const url = new URL(text)
  if (url.protocol !== 'wss:' && url.protocol !== 'ws:') throw optionError('url', 'a wss: URL', text)
  if (url.protocol === 'ws:' && !allowHttp && !isLoopback(url.hostname))
    throw new CtStreamError(
      'CT_OPTION_INVALID',
      `option \`url\` must be a wss: URL: ws: is accepted on this machine only, or with allowHttp: true; got ${url.protocol}//${url.host}`,
    )
  url.hash = ''
  return url
}

/** Not quoted where it is refused: it may hold a password. */
function proxyOption(value: unknown): URL | undefined {
  if (value === undefined) return undefined
  const text = value instanceof URL ? value.href : value
  if (typeof text !== 'string' || !isProxyUrl(text)) throw optionError('proxy', PROXY_URL, '…')
  return new URL(text)
}

function headersOption(value: unknown): Readonly<Record<string, string>> {
  if (value === undefined) return {}
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw optionError('headers', 'an object of strings', value)
  // The value may be a secret: only its type is shown.
  for (const [name, text] of Object.entries(value))
    if (!/^[!#$%&'*+.^_`|~\w-]+$/.test(name) || typeof text !== 'string' || !/^[\t\x20-\x7e\x80-\xff]*$/.test(text))
      throw optionError(`headers.${name.slice(0, 40)}`, 'a header name with a text that fits on its line', typeof text)
  return { ...value }
}
