import type { Tracing } from '../util/tracing.js'
import type { Transport } from './transport.js'

/** Adds a span to each request while spans are recorded, by OpenTelemetry's conventions for HTTP clients. */
export function tracedTransport(transport: Transport, tracing: Tracing): Transport {
  const { page, pool } = transport
  const spanOf = (url: string) => {
    const { hostname, port, protocol } = new URL(url)
    const attributes = {
      'http.request.method': 'GET',
      'url.full': url,
      'server.address': hostname,
      'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
    }
    return { name: 'GET', kind: 'client', attributes } as const
  }
  return {
    pool,
    get(url, options) {
      if (!tracing.isOn) return transport.get(url, options)
      return tracing.span(
        spanOf(url),
        () => transport.get(url, options),
        ({ status, body }) => ({ 'http.response.status_code': status, 'http.response.body.size': body.length }),
      )
    },
    page:
      page &&
      ((url, form, options) => {
        if (!tracing.isOn) return page(url, form, options)
        return tracing.span(
          spanOf(url),
          () => page(url, form, options),
          ({ byteLength }) => ({ 'http.response.status_code': 200, 'http.response.body.size': byteLength }),
        )
      }),
    close: () => transport.close(),
  }
}
