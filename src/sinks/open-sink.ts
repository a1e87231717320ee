import { CtStreamError } from '../errors.js'
import type { Sink } from '../types/cluster.js'
import { suggest } from '../util/suggest.js'
import { ENGINES, type SinkEngine } from './engines.js'

/**
 * The sink that a URL means, not opened yet. What its engine needs is loaded here, and only then.
 *
 * - `postgres://user:password@host/database?schema=ct_stream&entries=first&der=false&queue=false`: as `postgresSink`
 * - `kafka://user:password@host:9092,host:9092/prefix?body=json&key=log`: as `kafkaSink`; `kafkas://` for TLS
 *
 * Options of the sink may be parameters of the URL.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for another URL; the message does not show it, for it may hold a password.
 */
export async function openSink(url: string): Promise<Sink> {
  const { engine, rest, options } = sinkParts(url)
  return engine.open(rest, options)
}

/**
 * The engine of a URL, the URL without the options of its sink, and these.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, as {@link openSink}.
 */
export function sinkParts(url: string): {
  readonly engine: SinkEngine
  readonly rest: string
  readonly options: object
} {
  // Before anything parses it: a URL of several hosts is none to `URL`.
  const scheme = /^([a-z][a-z0-9+.-]{0,30}):\/\//i.exec(url)?.[1]?.toLowerCase()
  const engine = ENGINES.find(({ schemes }) => schemes.some((known) => known === scheme))
  if (engine === undefined) throw unknown(scheme)
  return { engine, ...takeOptions(url, engine.options) }
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

/** Takes the sink's own parameters out of a URL; the others are left as they were written. */
function takeOptions(url: string, known: SinkEngine['options']): { rest: string; options: object } {
  const at = url.indexOf('?')
  if (at === -1) return { rest: url, options: {} }
  const options: Record<string, unknown> = {}
  const others = url
    .slice(at + 1)
    .split('&')
    .filter((parameter) => {
      const [[name, text] = ['', '']] = new URLSearchParams(parameter)
      const type = Object.hasOwn(known, name) ? known[name] : undefined
      if (type === undefined) return true
      options[name] = parsed(text, type)
      return false
    })
  return { rest: url.slice(0, at) + (others.length > 0 ? `?${others.join('&')}` : ''), options }
}

function parsed(text: string, type: SinkEngine['options'][string]): unknown {
  if (type === 'number' && /^\d{1,15}$/.test(text)) return Number(text)
  if (type === 'boolean' && (text === 'true' || text === 'false')) return text === 'true'
  return text
}
