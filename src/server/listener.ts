import { createServer as createHttp, type Server } from 'node:http'
import { createServer as createHttps, type Server as SecureServer } from 'node:https'
import { isIPv6 } from 'node:net'
import { createSecureContext } from 'node:tls'
import { CtStreamError } from '../errors.js'
import type { ServerSettings, ServerTls } from './options.js'

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
  const server =
    tls === undefined
      ? createHttp(options)
      : createHttps({ ...options, handshakeTimeout: handshakeTimeoutMs, ...checkedPair(tls) })
  server.maxConnections = maxClients + BESIDE_CLIENTS
  // Without any progress: `UnfinishedAnswers` decides what then happens.
  server.timeout = handshakeTimeoutMs
  return server
}

/**
 * Has new connections be served with another certificate; those that are open stay as they are.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a certificate or key that cannot be used, and for a server without TLS: then nothing has
 * changed.
 */
export function changeCertificate(server: Server, tls: ServerTls): void {
  if (!('setSecureContext' in server))
    throw new CtStreamError('CT_OPTION_INVALID', 'a server without option `tls` has no certificate to change')
  const pair = checkedPair(tls)
  ;(server as SecureServer).setSecureContext(pair)
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` for a certificate and key that do not fit together. */
function checkedPair({ cert, key }: ServerTls) {
  try {
    const pair = { cert: asPem(cert), key: asPem(key) }
    createSecureContext(pair)
    return pair
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw new CtStreamError('CT_OPTION_INVALID', `option \`tls\` must be a certificate and its key in PEM: ${reason}`, {
      cause,
    })
  }
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

/** Never a text: Node.js takes an empty one for an option that is not given. */
function asPem(pem: string | Uint8Array): Buffer {
  return Buffer.from(typeof pem === 'string' ? new TextEncoder().encode(pem) : pem)
}
