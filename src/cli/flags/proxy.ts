import { isProxyUrl, PROXY_URL, type ProxySettings, proxyDispatcher } from '../../http/proxy.js'
import type { CliIo } from '../io.js'
import { usageError } from './usage-error.js'
import type { Values } from './values.js'

/**
 * The dispatcher for `--proxy` or, without it, HTTPS_PROXY and HTTP_PROXY (upper or lower case; hosts in NO_PROXY are asked directly in
 * any case); `undefined` where there is no proxy.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming flag or variable.
 */
export function proxyFrom(values: Values, env: CliIo['env']) {
  return proxyDispatcher(proxySettings(values, env))
}

export function proxySettings(values: Values, env: CliIo['env']): ProxySettings {
  const noProxy = env.no_proxy || env.NO_PROXY
  const named = values.text('proxy')
  if (named !== undefined) {
    checked(values.from('proxy'), named)
    return { httpProxy: named, httpsProxy: named, noProxy }
  }
  // HTTP_PROXY in upper case can be set by a request where this is run as CGI; nobody does that here.
  const of = (...names: string[]) => {
    const name = names.find((one) => env[one])
    return name === undefined ? undefined : checked(name, env[name] ?? '')
  }
  return { httpProxy: of('http_proxy', 'HTTP_PROXY'), httpsProxy: of('https_proxy', 'HTTPS_PROXY'), noProxy }
}

/** Not quoted where it is refused: it may hold a password. */
function checked(from: string, proxy: string): string {
  if (isProxyUrl(proxy)) return proxy
  throw usageError(`${from} must be ${PROXY_URL}, such as http://proxy.example:3128`)
}
