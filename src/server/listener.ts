import { createServer as createHttp, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { isIPv6 } from 'node:net'
import { CtStreamError } from '../errors.js'
import type { ServerSettings } from './options.js'

const MAX_HEADER_SIZE = 16 * 1024
/** Connections beside the clients: requests for JSON, and those that are refused. */
const BESIDE_CLIENTS = 256

/** Of one address at most: its clients, as many that are told why they are none, and requests for JSON. */
export function connectionsPerAddress({ maxClientsPerAddress }: ServerSettings): number {
  return 2 * maxClientsPerAddress + BESIDE_CLIENTS
}

/**
 * An HTTP server, not yet listening.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a certificate or key that cannot be used.
 */
export function createListener({ tls, maxClients, handshakeTimeoutMs }: ServerSettings): Server {
  // Who connects and says little; Node looks for them at an interval.
  const slow = {
    headersTimeout: handshakeTimeoutMs,
    requestTimeout: 1.5 * handshakeTimeoutMs,
    connectionsCheckingInterval: handshakeTimeoutMs / 2,
  }
  const options = { ...slow, maxHeaderSize: MAX_HEADER_SIZE, keepAliveTimeout: 5000 }
  let server: Server
  try {
    server =
      tls === undefined
        ? createHttp(options)
        : createHttps({ ...options, handshakeTimeout: handshakeTimeoutMs, cert: asPem(tls.cert), key: asPem(tls.key) })
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CtStreamError('CT_OPTION_INVALID', `option \`tls\` must be a certificate and its key in PEM: ${reason}`, {
      cause,
    })
  }
  server.maxConnections = maxClients + BESIDE_CLIENTS
  return server
}

/**
 * @returns Where it listens.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` when it cannot listen there.
 */
export function listen(server: Server, { host, port, tls }: ServerSettings): Promise<{ port: number; url: string }> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) => {
      const reason = 'code' in cause && cause.code === 'EADDRINUSE' ? 'another program listens there' : cause.message
      const message = `options \`host\` and \`port\` must be where this server can listen; ${host}, ${port}: ${reason}`
      reject(new CtStreamError('CT_OPTION_INVALID', message, { cause }))
    })
    server.listen(port, host, () => {
      const address = server.address()
      const actual = typeof address === 'object' && address !== null ? address.port : port
      const name = isIPv6(host) ? `[${host}]` : host
      resolve({ port: actual, url: `${tls === undefined ? 'http' : 'https'}://${name}:${actual}/` })
    })
  })
}

function asPem(bytes: string | Uint8Array): string | Buffer {
  return typeof bytes === 'string' ? bytes : Buffer.from(bytes)
}
