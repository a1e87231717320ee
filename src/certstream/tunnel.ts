import { Agent, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { isIP, type Socket } from 'node:net'
import { connect as secureConnect } from 'node:tls'

/** What Node asks an agent for, as far as it matters here. */
interface Destination {
  readonly host?: string | null
  readonly port?: string | number | null
}
type OnSocket = (error: Error | null, socket?: Socket) => void

/**
 * Connections of WebSockets through a proxy (CONNECT, RFC 9110 section 9.3.6). TLS is spoken through it, with the server itself; what the
 * proxy wants to know may stand in its URL (user and password).
 *
 * @param signal - Nobody waits for the tunnel any more.
 */
export function tunnelThrough(proxy: URL, isSecure: boolean, signal: AbortSignal): Agent {
  const createConnection = (to: Destination, onSocket: OnSocket): undefined => {
    const host = to.host ?? ''
    const authority = `${host.includes(':') ? `[${host}]` : host}:${to.port}`
    const ask = proxy.protocol === 'https:' ? secureRequest : request
    const asked = ask({
      host: proxy.hostname.replace(/^\[|\]$/g, ''),
      port: proxy.port,
      method: 'CONNECT',
      path: authority,
      agent: false,
      signal,
      headers: { host: authority, ...authorization(proxy) },
    })
    // Neither its URL, which may hold a password, nor what it answers is quoted.
    const refuse = (reason: string) => onSocket(new Error(`the proxy does not connect to ${authority}: ${reason}`))
    asked.on('connect', ({ statusCode = 0 }, socket: Socket, head) => {
      if (statusCode < 200 || statusCode > 299) {
        socket.destroy()
        return refuse(`${statusCode}`)
      }
      if (head.length > 0) socket.unshift(head)
      if (!isSecure) return onSocket(null, socket)
      const servername = isIP(host) === 0 ? host : ''
      const secure = secureConnect({ socket, servername, host, ALPNProtocols: ['http/1.1'] })
      onSocket(null, secure)
    })
    asked.on('response', (answer) => {
      answer.destroy()
      refuse(`${answer.statusCode}`)
    })
    asked.on('error', ({ message }) => refuse(message))
    asked.end()
    return undefined
  }
  // Not of the type of Node's agents: it calls this with the socket when there is one.
  return Object.assign(new Agent({ keepAlive: false }), { createConnection, ...(isSecure && { protocol: 'https:' }) })
}

function authorization({ username, password }: URL): Record<string, string> {
  if (username === '' && password === '') return {}
  const text = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`
  return { 'proxy-authorization': `Basic ${Buffer.from(text).toString('base64')}` }
}
