import { type EngineUrl, engineUrl } from '../util/engine-url.js'

/** What a URL says of NATS servers, and how a stream is made. */
export interface NatsAddress {
  readonly url: EngineUrl
  readonly prefix: string
  readonly shown: string
  /** Copies of a stream that is made, 1 to 5. */
  readonly replicas: number
  /** How long a stream that is made keeps its messages, hours; 0: for ever. */
  readonly maxAgeHours: number
}

/**
 * Reads `nats://[user:password@]host[:port][,…]`, `natss://` for TLS; parameters `prefix`, `replicas` (1 to 5, default 1) and `maxage`
 * (hours, 24 to 100,000) of streams that are made, and those of TLS.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, never with the password in it.
 */
export function natsAddress(text: string): NatsAddress {
  const parameters = ['replicas', 'maxage']
  const url = engineUrl(text, { engine: 'NATS', schemes: ['nats', 'natss'], port: 4222, parameters, manyHosts: true })
  if (url.path !== '') throw url.invalid('has a path: the prefix of its streams is a parameter, ?prefix=ct')
  return {
    url,
    prefix: url.prefix,
    shown: url.shown,
    replicas: url.count('replicas', 1, 5) ?? 1,
    maxAgeHours: url.count('maxage', 24, 100_000) ?? 0,
  }
}
