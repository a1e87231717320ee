import type { Tracing } from '../util/tracing.js'
import type { Transport } from './transport.js'

/** The same transport, with a span for each request while somebody wants them, as OpenTelemetry's conventions for HTTP clients have it. */
export function tracedTransport(transport: Transport, tracing: Tracing): Transport {
  return {
    get(url, options) {
      if (!tracing.isOn) return transport.get(url, options)
      const { hostname, port, protocol } = new URL(url)
      const attributes = {
        'http.request.method': 'GET',
        'url.full': url,
        'server.address': hostname,
        'server.port': Number(port) || (protocol === 'https:' ? 443 : 80),
      }
      return tracing.span(
        { name: 'GET', kind: 'client', attributes },
        () => transport.get(url, options),
        ({ status, body }) => ({ 'http.response.status_code': status, 'http.response.body.size': body.length }),
      )
    },
    close: () => transport.close(),
  }
}
