import { type EngineUrl, engineUrl } from '../util/engine-url.js'

/** RabbitMQ servers and the queue, as a URL describes them. */
export interface AmqpAddress {
  readonly url: EngineUrl
  readonly virtualHost: string
  readonly queue: string
  readonly shown: string
}

/**
 * Reads `amqp://[user:password@]host[:port][,…][/virtual-host]`, `amqps://` for TLS; parameters `prefix` and those of TLS.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`; the message never contains the password.
 */
export function amqpAddress(text: string): AmqpAddress {
  const isTls = text.startsWith('amqps:')
  const schemes = ['amqp', 'amqps'] as const
  const url = engineUrl(text, {
    engine: 'RabbitMQ',
    schemes,
    port: isTls ? 5671 : 5672,
    parameters: [],
    manyHosts: true,
  })
  let virtualHost: string
  try {
    virtualHost = decodeURIComponent(url.path)
  } catch {
    throw url.invalid('has a virtual host with a "%" that begins no escape: write %25 for it')
  }
  return { url, virtualHost: virtualHost || '/', queue: `${url.prefix}.entries`, shown: url.shown }
}
