import { readFileSync } from 'node:fs'
import { CtStreamError } from '../errors.js'
import { messageOf } from '../util/message-of.js'
import { suggest } from '../util/suggest.js'

const MECHANISMS = { plain: 'PLAIN', 'scram-sha-256': 'SCRAM-SHA-256', 'scram-sha-512': 'SCRAM-SHA-512' } as const
const PARAMETERS = ['sasl', 'ca', 'cert', 'key', 'servername', 'partitions', 'replication', 'backfilled']
const SYNTAX = 'kafka://[user:password@]host[:port][,host[:port]…][/prefix], or kafkas:// for TLS'
/** Characters that Kafka allows in topics, short enough that suffixes fit behind the prefix. */
const PREFIX = /^[A-Za-z0-9_-][A-Za-z0-9._-]{0,99}$/

/** A Kafka cluster, as its URL describes it. */
export interface KafkaAddress {
  /** `host:port` of the brokers to ask first. */
  readonly brokers: readonly string[]
  /** Begins the names of topics, groups and transactional ids, so that installations can share a cluster. Default `ct`. */
  readonly prefix: string
  /** How new topics are made: partitions of the entries (default 12), copies of everything (default: as the broker has it). */
  readonly partitions: number
  readonly replication: number | undefined
  /** Whether processors read what backfills have written, too. Default `false`. */
  readonly backfilled: boolean
  readonly tls: { ca?: string; cert?: string; key?: string; servername?: string } | undefined
  readonly sasl:
    | { readonly mechanism: (typeof MECHANISMS)[keyof typeof MECHANISMS]; username: string; password: string }
    | undefined
  /** For messages: without user and password. */
  readonly shown: string
}

/**
 * Reads a Kafka URL: `kafka://[user:password@]host[:port][,…][/prefix]`, `kafkas://` for TLS. Parameters: `sasl` (`plain`,
 * `scram-sha-256`, `scram-sha-512`; default `scram-sha-512` with a user), `ca`, `cert` and `key` (files, PEM), `servername`, `partitions`
 * and `replication` of topics that are made, `backfilled` (`true`: processors read what backfills have written, too).
 *
 * Parsed by hand, because `URL` allows only one host.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; the message never contains the password.
 */
export function kafkaAddress(url: string): KafkaAddress {
  const match = /^(kafkas?):\/\/(?:([^/@]*)@)?([^/?#@]+)(?:\/([^?#]*))?(?:\?([^#]*))?$/.exec(url)
  if (match === null) throw invalid(`is not ${SYNTAX}`)
  const [, scheme, user, hosts = '', path = '', query = ''] = match
  const parameters = new URLSearchParams(query)
  for (const name of parameters.keys()) {
    if (PARAMETERS.includes(name)) continue
    const near = suggest(name, PARAMETERS)
    throw invalid(
      `has an unknown parameter${near === undefined ? `; known are ${PARAMETERS.join(', ')}` : `: did you mean ${near}?`}`,
    )
  }
  const brokers = hosts.split(',').map(broker)
  const prefix = path === '' ? 'ct' : path
  if (!PREFIX.test(prefix)) throw invalid('has a prefix that is not 1 to 100 of letters, digits, ".", "_" and "-"')
  const isTls = scheme === 'kafkas'
  const tls = isTls ? tlsOf(parameters) : undefined
  if (!isTls && ['ca', 'cert', 'key', 'servername'].some((name) => parameters.has(name)))
    throw invalid('has parameters of TLS: begin it with kafkas://')
  return {
    brokers,
    prefix,
    partitions: count(parameters, 'partitions', 10_000) ?? 12,
    replication: count(parameters, 'replication', 100),
    backfilled: yes(parameters, 'backfilled'),
    tls,
    sasl: saslOf(user, parameters),
    shown: `${scheme}://${brokers.join(',')}/${prefix}`,
  }
}

function broker(text: string): string {
  const match = /^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+)(?::(\d{1,5}))?$/.exec(text)
  const port = Number(match?.[2] ?? 9092)
  if (match === null || port < 1 || port > 65_535)
    throw invalid(`names a broker that is not host[:port]; it is ${SYNTAX}`)
  return `${match[1]}:${port}`
}

function saslOf(user: string | undefined, parameters: URLSearchParams): KafkaAddress['sasl'] {
  const name = parameters.get('sasl')
  if (user === undefined) {
    if (name !== null) throw invalid('asks for sasl and has no user: kafka://user:password@…')
    return undefined
  }
  const mechanism = MECHANISMS[(name ?? 'scram-sha-512').toLowerCase() as keyof typeof MECHANISMS]
  if (mechanism === undefined) throw invalid(`has another sasl than ${Object.keys(MECHANISMS).join(', ')}`)
  const colon = user.indexOf(':')
  if (colon < 1) throw invalid('has a user without a password: kafka://user:password@…')
  return { mechanism, username: decoded(user.slice(0, colon)), password: decoded(user.slice(colon + 1)) }
}

function tlsOf(parameters: URLSearchParams): NonNullable<KafkaAddress['tls']> {
  const tls: NonNullable<KafkaAddress['tls']> = {}
  for (const name of ['ca', 'cert', 'key'] as const) {
    const file = parameters.get(name)
    if (file === null) continue
    try {
      tls[name] = readFileSync(file, 'utf8')
    } catch (cause) {
      throw invalid(`names a file of ${name} that cannot be read: ${messageOf(cause)}`)
    }
  }
  const servername = parameters.get('servername')
  if (servername !== null) tls.servername = servername
  return tls
}

function count(parameters: URLSearchParams, name: string, max: number): number | undefined {
  const text = parameters.get(name)
  if (text === null) return undefined
  const value = /^\d{1,5}$/.test(text) ? Number(text) : 0
  if (value < 1 || value > max) throw invalid(`has ${name} that are no number from 1 to ${max}`)
  return value
}

function yes(parameters: URLSearchParams, name: string): boolean {
  const text = parameters.get(name) ?? 'false'
  if (text !== 'true' && text !== 'false') throw invalid(`has a ${name} that is neither true nor false`)
  return text === 'true'
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('has a user or password with a "%" that begins no escape: write %25 for it')
  }
}

const invalid = (what: string) => new CtStreamError('CT_OPTION_INVALID', `the Kafka URL ${what}`)
