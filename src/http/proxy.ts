import type { Dispatcher } from 'undici'
import { optionError } from '../util/options.js'
import { isPercentEncoded } from '../util/percent-encoded.js'

/** Proxies as curl and others read them from the environment. */
export interface ProxySettings {
  /** Proxy for `http:` URLs. */
  readonly httpProxy?: string | undefined
  /** Proxy for `https:` URLs; default that for `http:`. */
  readonly httpsProxy?: string | undefined
  /** Hosts that are asked directly: names (and all below), `host:port`, `*`; separated by commas. */
  readonly noProxy?: string | undefined
}

/**
 * A dispatcher that sends requests through the proxies; `undefined` when there are none. Their URLs may hold credentials. TLS connections
 * go through the proxy (CONNECT) to the log itself.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` when a proxy is no http or https URL, or its user or password is not percent-encoded. The message
 * does not quote it: it may hold a password.
 */
export async function proxyDispatcher({
  httpProxy,
  httpsProxy,
  noProxy,
}: ProxySettings): Promise<Dispatcher | undefined> {
  const proxies = [httpProxy, httpsProxy].filter((proxy) => proxy !== undefined && proxy !== '')
  if (proxies.length === 0) return undefined
  for (const proxy of proxies) if (!isProxyUrl(proxy)) throw optionError('proxy', PROXY_URL, '…')
  // Loaded only here: the half of undici that has proxies is large.
  const { EnvHttpProxyAgent } = await import('undici')
  // Empty strings, because undici would look `undefined` ones up in the environment.
  return new EnvHttpProxyAgent({ httpProxy: httpProxy ?? '', httpsProxy: httpsProxy ?? '', noProxy: noProxy ?? '' })
}

/** The proxy that {@link proxyDispatcher} uses for an address; `undefined` for a direct connection. */
export function proxyFor(url: URL, { httpProxy, httpsProxy, noProxy = '' }: ProxySettings): string | undefined {
  const isSecure = /^(https|wss):$/.test(url.protocol)
  const proxy = (isSecure ? httpsProxy : undefined) || httpProxy || undefined
  if (proxy === undefined) return undefined
  const port = url.port || (isSecure ? '443' : '80')
  const isDirect = noProxy.split(/[,\s]+/).some((entry) => {
    if (entry === '*') return true
    const [, name = '', only] = /^\*?\.?(.*?)(?::(\d+))?$/.exec(entry.toLowerCase()) ?? []
    if (name === '' || (only !== undefined && only !== port)) return false
    return url.hostname === name || url.hostname.endsWith(`.${name}`)
  })
  return isDirect ? undefined : proxy
}

/** A `fetch` whose requests go through a dispatcher. It is undici's: Node's own refuses dispatchers of another version. */
export async function fetchThrough(dispatcher: Dispatcher): Promise<typeof fetch> {
  const undici = await import('undici')
  const through = (url: string, init: Parameters<typeof undici.fetch>[1]) => undici.fetch(url, { ...init, dispatcher })
  return through as unknown as typeof fetch
}

/** What {@link isProxyUrl} wants, for messages. */
export const PROXY_URL = 'an http or https URL, with %25 for a "%" in user or password'

/** Whether this is the URL of a proxy, whose user and password can be decoded. */
export function isProxyUrl(proxy: string | undefined): boolean {
  if (proxy === undefined || !URL.canParse(proxy)) return false
  const { protocol, username, password } = new URL(proxy)
  return /^https?:$/.test(protocol) && isPercentEncoded(username) && isPercentEncoded(password)
}
