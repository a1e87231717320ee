import type { Dispatcher } from 'undici'
import { CtStreamError } from '../errors.js'
import { FetchTransport } from './fetch-transport.js'
import type { Transport } from './transport.js'
import { UndiciTransport, type UndiciTransportOptions } from './undici-transport.js'

export interface TransportOptions extends UndiciTransportOptions {
  /** The caller's undici dispatcher, such as a proxy or a test double. */
  readonly dispatcher?: Dispatcher
  /** The caller's WHATWG `fetch`. */
  readonly fetch?: typeof fetch
}

/**
 * The transport for these options: pools of undici unless the caller gives a dispatcher or a `fetch`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` when both `dispatcher` and `fetch` are given, or one has the wrong type.
 */
export function createTransport({ fetch, ...options }: TransportOptions = {}): Transport {
  if (fetch === undefined) return new UndiciTransport(options)
  if (options.dispatcher !== undefined)
    throw new CtStreamError('CT_OPTION_INVALID', 'options `dispatcher` and `fetch` exclude each other')
  return new FetchTransport(fetch, options)
}
