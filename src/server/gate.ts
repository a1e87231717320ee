import type { IncomingMessage } from 'node:http'
import { CtStreamError } from '../errors.js'
import { harmless } from '../util/harmless.js'
import { ClientAddresses } from './client-address.js'
import type { Connections } from './connections.js'
import type { ServerSettings } from './options.js'
import { pathOf } from './subscription.js'
import { Tokens } from './tokens.js'

/** Why somebody does not come in. */
export interface Refused {
  readonly status: number
  readonly message: string
}

/** Decides who comes in. */
export class Gate {
  private readonly origins: readonly string[]
  private readonly tokens: Tokens
  private readonly addresses: ClientAddresses
  private readonly connections: Connections

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` for a wrong token or proxy. */
  constructor(settings: ServerSettings, connections: Connections) {
    this.origins = settings.allowedOrigins
    this.tokens = new Tokens(settings.tokens)
    this.addresses = new ClientAddresses(settings.trustedProxies)
    this.connections = connections
  }

  /** The URL of a request; `undefined` when it is none. Its host is not to be relied on. */
  urlOf(request: IncomingMessage): URL | undefined {
    const { url = '' } = request
    return url.startsWith('/') && URL.canParse(url, 'http://server.invalid')
      ? new URL(`http://server.invalid${url}`)
      : undefined
  }

  /** The origin to be named in an answer, where the page that asks may read it. */
  allowedOrigin({ headers: { origin, host } }: IncomingMessage): string | undefined {
    if (origin === undefined) return undefined
    if (this.origins.includes('*')) return '*'
    const isOwn = URL.canParse(origin) && new URL(origin).host === host
    return isOwn || this.origins.includes(origin) ? origin : undefined
  }

  mayAsk(request: IncomingMessage, url: URL): Refused | undefined {
    if (request.headers.origin !== undefined && this.allowedOrigin(request) === undefined)
      return { status: 403, message: 'pages of this origin are not allowed (allowedOrigins, --allow-origin)' }
    if (!this.tokens.allow(request, url)) return { status: 401, message: 'a token is needed' }
    return undefined
  }

  /** Lets a client in that wants to stay. @param wants - `undefined`: there is no such path; may throw `CT_OPTION_INVALID`. */
  open<Wanted>(
    request: IncomingMessage,
    wants: (url: URL) => Wanted | undefined,
  ): Refused | { readonly wanted: Wanted; readonly address: string; readonly path: string } {
    const url = this.urlOf(request)
    if (url === undefined) return { status: 400, message: 'no URL' }
    const refused = this.mayAsk(request, url)
    if (refused !== undefined) return refused
    const forwarded = request.headers['x-forwarded-for']
    const address = this.addresses.of(
      request.socket.remoteAddress,
      forwarded === undefined ? undefined : `${forwarded}`,
    )
    const status = this.connections.refusal(address)
    if (status !== undefined)
      return { status, message: status === 429 ? 'too many connections of this address' : 'too many connections' }
    try {
      const wanted = wants(url)
      if (wanted === undefined) return { status: 404, message: 'there is nothing here' }
      return { wanted, address, path: pathOf(url) }
    } catch (error) {
      if (CtStreamError.is(error)) return { status: 400, message: harmless(error.message) }
      throw error
    }
  }
}
