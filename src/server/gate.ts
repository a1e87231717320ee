import type { IncomingMessage } from 'node:http'
import { CtStreamError } from '../errors.js'
import { cutText, harmless } from '../util/harmless.js'
import { ClientAddresses } from './client-address.js'
import type { Connections } from './connections.js'
import type { ServerSettings } from './options.js'
import { pathOf } from './subscription.js'
import { Tokens } from './tokens.js'

/** Why a request is refused. */
export interface Refused {
  readonly status: number
  readonly message: string
}

const noToken: Refused = { status: 401, message: 'a token is needed' }
const onlyReads: Refused = { status: 403, message: 'this token has the scope read, and admin is needed' }
const onlyLocal: Refused = {
  status: 403,
  message:
    'without tokens (tokens, apiTokens, readTokens; --token, --api-token, --read-token) this answers the machine it runs on alone',
}

/**
 * Whether a request comes from a user of this machine: not from a stranger through a proxy, and not from a web page through DNS rebinding,
 * which shows by its `Host`.
 */
function isLocal({ socket: { remoteAddress = '' }, headers }: IncomingMessage): boolean {
  const isForwarded = ['x-forwarded-for', 'x-real-ip', 'forwarded', 'via'].some((name) => headers[name] !== undefined)
  if (isForwarded || !/^(?:::ffff:)?127\.|^::1$/.test(remoteAddress)) return false
  return /^(?:localhost|127(?:\.\d{1,3}){3}|\[::1\])(?::\d+)?$/.test(headers.host ?? '')
}

/** Decides which requests are answered. */
export class Gate {
  private readonly origins: readonly string[]
  private readonly tokens: Tokens
  private readonly apiTokens: Tokens
  private readonly readTokens: Tokens
  readonly addresses: ClientAddresses
  private readonly connections: Connections

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` for a wrong token or proxy. */
  constructor(settings: ServerSettings, connections: Connections) {
    this.origins = settings.allowedOrigins
    this.tokens = new Tokens(settings.tokens)
    this.apiTokens = new Tokens(settings.apiTokens, 'apiTokens')
    this.readTokens = new Tokens(settings.readTokens, 'readTokens')
    this.addresses = new ClientAddresses(settings.trustedProxies, (hop) => {
      const shown = cutText(harmless(hop), 80)
      settings.logger.warn('a trusted proxy sends an X-Forwarded-For that is no address: its clients count as one', {
        hop: shown,
      })
    })
    this.connections = connections
  }

  /** The URL of a request; `undefined` when it is invalid. Its host is not to be trusted. */
  urlOf(request: IncomingMessage): URL | undefined {
    const { url = '' } = request
    return url.startsWith('/') && URL.canParse(url, 'http://server.invalid')
      ? new URL(`http://server.invalid${url}`)
      : undefined
  }

  /** The origin to name in the answer, so that the requesting page may read it. */
  allowedOrigin({ headers: { origin, host } }: IncomingMessage): string | undefined {
    if (origin === undefined) return undefined
    if (this.origins.includes('*')) return '*'
    const isOwn = URL.canParse(origin) && new URL(origin).host === host
    return isOwn || this.origins.includes(origin) ? origin : undefined
  }

  mayAsk(request: IncomingMessage, url: URL): Refused | undefined {
    return this.refusedOrigin(request) ?? (this.tokens.allow(request, url) ? undefined : noToken)
  }

  /** Like {@link mayAsk}, for administration: without any tokens only this machine may. */
  mayManage(request: IncomingMessage, url: URL): Refused | undefined {
    const refused = this.refusedOrigin(request)
    if (refused !== undefined) return refused
    const { tokens, apiTokens, readTokens } = this
    const given = [tokens, apiTokens, readTokens]
    if (!given.some(({ areNeeded }) => areNeeded)) return isLocal(request) ? undefined : onlyLocal
    const [asClient, asAdmin, asReader] = given.map((some) => some.areNeeded && some.allow(request, url))
    if (asClient || asAdmin) return undefined
    if (!asReader) return noToken
    return request.method === 'GET' || request.method === 'HEAD' ? undefined : onlyReads
  }

  private refusedOrigin(request: IncomingMessage): Refused | undefined {
    if (request.headers.origin === undefined || this.allowedOrigin(request) !== undefined) return undefined
    return { status: 403, message: 'pages of this origin are not allowed (allowedOrigins, --allow-origin)' }
  }

  /** Admits a client that stays connected. @param wants - Returns `undefined` for an unknown path; may throw `CT_OPTION_INVALID`. */
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
