import { createServer as createHttp, type Server } from 'node:http'
import { createServer as createHttps } from 'node:https'
import { isIPv6 } from 'node:net'
import { CtStreamError } from '../errors.js'
import type { ServerSettings } from './options.js'

const MAX_HEADER_SIZE = 16 * 1024
/** Connections beyond the clients: plain requests, and clients being refused. */
const BESIDE_CLIENTS = 256

/** Most connections of one address: its clients, as many that are being refused, and plain requests. */
export function connectionsPerAddress({ maxClientsPerAddress }: ServerSettings): number {
  return 2 * maxClientsPerAddress + BESIDE_CLIENTS
}

/**
 * Makes an HTTP server that does not listen yet.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a certificate or key that cannot be used.
 */
export function createListener({ tls, maxClients, handshakeTimeoutMs }: ServerSettings): Server {
  // Bounds for connections that send little. Node checks them at an interval.
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
  // Without any progress: `UnfinishedAnswers` decides what then happens.
  server.timeout = handshakeTimeoutMs
  return server
}

/**
 * @returns The port and URL it listens on.
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
