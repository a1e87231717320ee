import { CtStreamError } from '../errors.js'
import type { Sink } from '../types/cluster.js'
import { suggest } from '../util/suggest.js'
import { ENGINES, type SinkEngine } from './engines.js'

/**
 * Makes the sink that a URL names, loading the client of its engine. It is not opened yet.
 *
 * - `postgres://user:password@host/database?schema=ct_stream&entries=first&der=false&queue=false`: as `postgresSink`
 * - `kafka://user:password@host:9092,host:9092/prefix?body=json&key=log`: as `kafkaSink`; `kafkas://` for TLS
 *
 * Options of the sink may be parameters of the URL.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for another URL, which the message does not show: it may contain a password.
 */
export async function openSink(url: string): Promise<Sink> {
  const { engine, rest, options } = sinkParts(url)
  return engine.open(rest, options)
}

/**
 * Splits a URL into its engine, the options of the sink, and the rest of the URL.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, as {@link openSink}.
 */
export function sinkParts(url: string): {
  readonly engine: SinkEngine
  readonly rest: string
  readonly options: object
} {
  // By hand: `URL` rejects a URL with several hosts.
  const scheme = /^([a-z][a-z0-9+.-]{0,30}):\/\//i.exec(url)?.[1]?.toLowerCase()
  const engine = ENGINES.find(({ schemes }) => schemes.some((known) => known === scheme))
  if (engine === undefined) throw unknown(scheme)
  // `redis://` ends with an s as well.
  const isTls = engine.schemes.some((plain) => `${plain}s` === scheme)
  return { engine, ...takeOptions(url, engine.options, isTls) }
}

function unknown(scheme: string | undefined): CtStreamError {
  const examples = ENGINES.map(({ example }) => example).join(', ')
  if (scheme === undefined)
    return new CtStreamError('CT_OPTION_INVALID', `a sink must be the URL of an engine, such as ${examples}`)
  const schemes = ENGINES.flatMap((engine) => engine.schemes)
  const meant = suggest(scheme, schemes)
  const hint = meant === undefined ? `there are ${examples}` : `did you mean ${meant}://?`
  return new CtStreamError('CT_OPTION_INVALID', `no sink has URLs that begin with ${scheme}://; ${hint}`)
}

/** Removes the sink's own parameters from a URL; the others stay exactly as written. */
function takeOptions(url: string, known: SinkEngine['options'], isTls: boolean): { rest: string; options: object } {
  const at = url.indexOf('?')
  if (at === -1) return { rest: url, options: {} }
  const options: Record<string, unknown> = {}
  const others = url
    .slice(at + 1)
    .split('&')
    .filter((parameter) => {
      const [[name, text] = ['', '']] = new URLSearchParams(parameter)
      const type = Object.hasOwn(known, name) ? known[name] : undefined
      if (type === undefined || (isTls && isFileOfKey(name, text))) return true
      options[name] = parsed(text, type)
      return false
    })
  return { rest: url.slice(0, at) + (others.length > 0 ? `?${others.join('&')}` : ''), options }
}

/** `key` is what messages are keyed by, and with TLS the file of the client's private key. */
const isFileOfKey = (name: string, text: string): boolean => name === 'key' && text !== 'log' && text !== 'issuance'

function parsed(text: string, type: SinkEngine['options'][string]): unknown {
  if (type === 'number' && /^\d{1,15}$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
