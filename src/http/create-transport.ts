import type { Dispatcher } from 'undici'
import { CtStreamError } from '../errors.js'
import { FetchTransport } from './fetch-transport.js'
import type { Transport } from './transport.js'
import { UndiciTransport, type UndiciTransportOptions } from './undici-transport.js'

export interface TransportOptions extends UndiciTransportOptions {
  /** An undici dispatcher of the caller: a proxy, a test double. */
  readonly dispatcher?: Dispatcher
  /** A WHATWG `fetch` of the caller. */
  readonly fetch?: typeof fetch
}

/**
 * The transport these options ask for: undici pools unless the caller brings something.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` when both `dispatcher` and `fetch` are given, or one is not what it should be.
 */
export function createTransport({ fetch, ...options }: TransportOptions = {}): Transport {
  if (fetch === undefined) return new UndiciTransport(options)
  if (options.dispatcher !== undefined)
    throw new CtStreamError('CT_OPTION_INVALID', 'options `dispatcher` and `fetch` exclude each other')
  return new FetchTransport(fetch, options)
}
