import { connect as connectPlain, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'

/** A server of syslog over TCP. */
export interface SyslogServer {
  readonly host: string
  readonly port: number
  /** PEM; `undefined`: without TLS. */
  readonly tls:
    | { readonly ca?: string; readonly cert?: string; readonly key?: string; readonly servername?: string }
    | undefined
}

/**
 * Sends bytes over a connection of their own, and resolves when the server has read them all: it closes its side then. Syslog has no
 * acknowledgement, and what a connection takes that stays open, a server may never read.
 *
 * @param signal - Ends it, also while it waits for the server.
 */
export function sendSyslog({ host, port, tls }: SyslogServer, bytes: Buffer, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const plain = connectPlain({ host, port, allowHalfOpen: true })
    const socket: Socket =
      tls === undefined ? plain : connectTls({ socket: plain, host, ...nameOf(host), minVersion: 'TLSv1.2', ...tls })
    if (socket !== plain) plain.on('error', (error) => socket.destroy(error))
    let isEnded = false
    const onAbort = () => socket.destroy(signal.reason instanceof Error ? signal.reason : new Error('aborted'))
    signal.addEventListener('abort', onAbort, { once: true })
    if (signal.aborted) onAbort()
    socket.once(tls === undefined ? 'connect' : 'secureConnect', () => socket.end(bytes))
    // Nothing is to come; without a reader its end would not be seen.
    socket.resume()
    socket.once('end', () => {
      isEnded = true
      // A server that ends first has not read everything.
      if (!socket.writableFinished) socket.destroy(new Error('the server ended the connection'))
    })
    socket.on('error', reject)
    socket.once('close', (hadError) => {
      signal.removeEventListener('abort', onAbort)
      if (hadError) return
      if (isEnded && socket.writableFinished) resolve()
      else reject(new Error('the connection was cut'))
    })
  })
}

/** The name that the server is asked for, by which one of many names chooses its certificate (SNI). Over a socket of ours, Node.js sends none. */
function nameOf(host: string): { readonly servername?: string } {
  // RFC 6066 section 3: no addresses, and no dot at the end.
  return isIP(host) === 0 ? { servername: host.replace(/\.$/, '') } : {}
}
