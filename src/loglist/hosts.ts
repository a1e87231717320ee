import { isIP } from 'node:net'

/** Whether a URL's host is this machine: `localhost` and below, 127.0.0.0/8, `[::1]`. */
export function isLoopbackHost(hostname: string): boolean {
  if (hostname === 'localhost' || hostname.endsWith('.localhost')) return true
  return hostname === '[::1]' || (isIP(hostname) === 4 && hostname.startsWith('127.'))
}

/**
 * Whether a host can be a public log: a name with a dot in it that is not set aside for private use. Addresses are not:
 * no public log has ever been listed by one, and a list must not lead a monitor into the network it runs in.
 */
export function isPublicHost(hostname: string): boolean {
  if (hostname.startsWith('[') || isIP(hostname) !== 0) return false
  const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname
  return name.includes('.') && !privateSuffixes.some((suffix) => name.endsWith(suffix))
}

/** Whether a host is set aside for examples (RFC 2606, RFC 6761): where made-up logs are said to live. */
export function isExampleHost(hostname: string): boolean {
  const name = hostname.endsWith('.') ? hostname.slice(0, -1) : hostname
  return exampleDomains.some((domain) => name === domain || name.endsWith(`.${domain}`))
}

const privateSuffixes = [
  '.localhost',
  '.local',
  '.internal',
  '.intranet',
  '.lan',
  '.home.arpa',
  '.onion',
  '.localdomain',
]
const exampleDomains = ['example.com', 'example.net', 'example.org', 'example', 'invalid']
