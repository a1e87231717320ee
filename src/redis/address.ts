import { type EngineUrl, engineUrl } from '../util/engine-url.js'

/** A Redis server, as its URL describes it. */
export interface RedisAddress {
  readonly url: EngineUrl
  readonly database: number
  readonly prefix: string
  readonly shown: string
}

/**
 * Reads `redis://[user:password@]host[:port][/database]`, `rediss://` for TLS, with `prefix` and the parameters of TLS.
 *
 * @param parameters - More parameters that the URL may have.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; the message never contains the password.
 */
export function redisAddress(text: string, parameters: readonly string[] = []): RedisAddress {
  const url = engineUrl(text, { engine: 'Redis', schemes: ['redis', 'rediss'], port: 6379, parameters })
  const { path, prefix, shown } = url
  if (!/^\d{0,5}$/.test(path)) throw url.invalid('has a database that is no number: redis://host:6379/0')
  return { url, database: Number(path), prefix, shown }
}
