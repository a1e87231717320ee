/**
 * Operators that throttle each connection instead of each client. DigiCert counts requests per TCP connection and answers 429 to
 * the second or third within a second, without `Retry-After`; it advised crt.sh to open a connection for each request (2026-05).
 */
const CONNECTION_EACH: readonly string[] = Object.freeze(['digicert.com'])

/**
 * Whether connections to an origin are reused: everywhere except at `digicert.com` and the hosts below it.
 *
 * @param origin - Such as `https://wyvern.ct.digicert.com`.
 */
export function reusesConnections(origin: string): boolean {
  const { hostname } = new URL(origin)
  return !CONNECTION_EACH.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`))
}
