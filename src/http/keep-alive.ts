/**
 * Operators that throttle connections, not clients: DigiCert counts requests per TCP connection and answers 429 from the
 * second or third per second, without `Retry-After`; its own advice to crt.sh is to open one for each request (2026-05).
 */
const CONNECTION_EACH: readonly string[] = Object.freeze(['digicert.com'])

/**
 * Whether connections to an origin are used again. Everywhere but at the hosts below `digicert.com`.
 *
 * @param origin - Such as `https://wyvern.ct.digicert.com`.
 */
export function reusesConnections(origin: string): boolean {
  const { hostname } = new URL(origin)
  return !CONNECTION_EACH.some((domain) => hostname === domain || hostname.endsWith(`.${domain}`))
}
