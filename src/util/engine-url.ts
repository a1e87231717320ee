import { readFileSync } from 'node:fs'
import { CtStreamError } from '../errors.js'
import { messageOf } from './message-of.js'
import { suggest } from './suggest.js'

const TLS = ['ca', 'cert', 'key', 'servername'] as const
/** Characters that every engine accepts in names. */
const PREFIX = /^[A-Za-z0-9_-]{1,100}$/
const LARGEST_FILE = 1 << 20

/** The form of an engine's URL. */
export interface EngineUrlForm {
  /** Name of the engine in messages, such as `Redis`. */
  readonly engine: string
  /** URL schemes without and with TLS. */
  readonly schemes: readonly [plain: string, tls: string]
  readonly port: number
  /** Names of its parameters, `prefix` included, those for TLS not. */
  readonly parameters: readonly string[]
  /** Whether it may name several hosts, separated by commas. Default `false`. */
  readonly manyHosts?: boolean
}

/** An engine's URL, taken apart. */
export interface EngineUrl {
  readonly hosts: readonly { readonly host: string; readonly port: number }[]
  readonly user: string | undefined
  readonly password: string | undefined
  /** The part after the host, without its leading `/`; not decoded. */
  readonly path: string
  /** Prefix of all names in the engine, so that installations can share it. Default `ct`. */
  readonly prefix: string
  readonly tls: { ca?: string; cert?: string; key?: string; servername?: string } | undefined
  /** The URL without user and password, for messages. */
  readonly shown: string
  text(name: string): string | undefined
  /** A parameter as an integer from `min` to `max`. */
  count(name: string, min: number, max: number): number | undefined
  choice<T extends string>(name: string, choices: readonly T[]): T | undefined
  /** An error that names the engine: `the Redis URL has …`. */
  invalid(what: string): CtStreamError
}

/**
 * Reads the URL of an engine. Not by `URL`, which allows only one host.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, never with the password in it; so do `count` and `choice` of the result.
 */
export function engineUrl(given: string, form: EngineUrlForm): EngineUrl {
  const { engine, schemes, manyHosts = false } = form
  const invalid = (what: string) => new CtStreamError('CT_OPTION_INVALID', `the ${engine} URL ${what}`)
  const [plain, secure] = schemes
  const syntax = `${plain}://[user:password@]host[:port]${manyHosts ? '[,…]' : ''}, or ${secure}:// for TLS`
  const match = /^([a-z+]+):\/\/(?:([^/@]*)@)?([^/?#@]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(given)
  const [, scheme = '', login, hosts = '', path = '', query = ''] = match ?? []
  if (match === null || !schemes.includes(scheme)) throw invalid(`is not ${syntax}`)
  const list = hosts.split(',').map((host) => hostOf(host, form, () => invalid(`names a host that is not ${syntax}`)))
  if (list.length > 1 && !manyHosts) throw invalid('names several hosts: one is used')
  const parameters = new URLSearchParams(query)
  const known = [...form.parameters, 'prefix', ...TLS]
  for (const name of parameters.keys()) {
    if (known.includes(name)) continue
    const near = suggest(name, known)
    throw invalid(
      `has an unknown parameter${near === undefined ? `; known are ${known.join(', ')}` : `: did you mean ${near}?`}`,
    )
  }
  const prefix = parameters.get('prefix') ?? 'ct'
  if (!PREFIX.test(prefix)) throw invalid('has a prefix that is not 1 to 100 of letters, digits, "_" and "-"')
  const [user, password] = loginOf(login, invalid)
  const isSecure = scheme === secure
  if (!isSecure && TLS.some((name) => parameters.has(name)))
    throw invalid(`has parameters of TLS: begin it with ${secure}://`)
  const shown = `${scheme}://${list.map(({ host, port }) => `${host}:${port}`).join(',')}${path && `/${path}`}`
  return {
    hosts: list,
    user,
    password,
    path,
    prefix,
    tls: isSecure ? tlsOf(parameters, invalid) : undefined,
    shown,
    invalid,
    text: (name) => parameters.get(name) ?? undefined,
    count: (name, min, max) => {
      const text = parameters.get(name)
      if (text === null) return undefined
      const value = /^\d{1,15}$/.test(text) ? Number(text) : -1
      if (value < min || value > max) throw invalid(`has ${name} that is no number from ${min} to ${max}`)
      return value
    },
    choice: (name, choices) => {
      const text = parameters.get(name)
      if (text === null) return undefined
      const value = choices.find((choice) => choice === text)
      if (value === undefined) throw invalid(`has ${name} that is none of ${choices.join(', ')}`)
      return value
    },
  }
}

function hostOf(text: string, form: EngineUrlForm, invalid: () => CtStreamError) {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text)
  const port = Number(match?.[2] ?? form.port)
  if (match === null || port < 1 || port > 65_535) throw invalid()
  return { host: match[1] ?? '', port }
}

type Invalid = EngineUrl['invalid']

function loginOf(login: string | undefined, invalid: Invalid): readonly [string | undefined, string | undefined] {
  if (login === undefined) return [undefined, undefined]
  const colon = login.indexOf(':')
  if (colon < 0) throw invalid('has a user without a password: user:password@, or :password@')
  return [decoded(login.slice(0, colon), invalid) || undefined, decoded(login.slice(colon + 1), invalid)]
}

function decoded(text: string, invalid: Invalid): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('has a user or password with a "%" that begins no escape: write %25 for it')
  }
}

function tlsOf(parameters: URLSearchParams, invalid: Invalid): NonNullable<EngineUrl['tls']> {
  const tls: NonNullable<EngineUrl['tls']> = {}
  for (const name of TLS) {
    const value = parameters.get(name)
    if (value === null) continue
    tls[name] = name === 'servername' ? value : pemOf(name, value, invalid)
  }
  return tls
}

function pemOf(name: string, file: string, invalid: Invalid): string {
  let text: string
  try {
    text = readFileSync(file, 'utf8')
  } catch (cause) {
    throw invalid(`names a file of ${name} that cannot be read: ${messageOf(cause)}`)
  }
  if (text.length > LARGEST_FILE || !text.includes('-----BEGIN '))
    throw invalid(`names a file of ${name} that is no PEM of 1 MiB at most`)
  return text
}
