import { type EngineUrl, engineUrl } from '../util/engine-url.js'

/** NATS servers and the settings of new streams, as a URL describes them. */
export interface NatsAddress {
  readonly url: EngineUrl
  readonly prefix: string
  readonly shown: string
  /** Replicas of new streams, 1 to 5. */
  readonly replicas: number
  /** How long new streams keep messages, hours; 0: for ever. */
  readonly maxAgeHours: number
}

/**
 * Reads `nats://[user:password@]host[:port][,…]`, `natss://` for TLS; parameters `prefix`, `replicas` (1 to 5, default 1) and `maxage`
 * (hours, 24 to 100,000) of streams that are made, and those of TLS.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; the message never contains the password.
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
