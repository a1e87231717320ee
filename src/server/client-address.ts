import { BlockList, isIP } from 'node:net'
import { optionError } from '../util/options.js'

/** Finds the address of the client behind trusted proxies. */
export class ClientAddresses {
  private readonly trusted = new BlockList()
  private readonly onUnreadable: (hop: string) => void
  private isTold = false

  /**
   * @param proxies - Addresses and networks (`10.0.0.0/8`).
   * @param onUnreadable - Called once, with the first hop of a trusted proxy that is no address.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the one that is neither.
   */
  constructor(proxies: readonly string[], onUnreadable: (hop: string) => void = () => {}) {
    this.onUnreadable = onUnreadable
    proxies.forEach((proxy, i) => {
      const [address = '', bits, ...rest] = proxy.split('/')
      const version = isIP(address)
      const prefix = bits === undefined ? (version === 4 ? 32 : 128) : /^\d{1,3}$/.test(bits) ? Number(bits) : -1
      if (version === 0 || rest.length > 0 || prefix < 0 || prefix > (version === 4 ? 32 : 128))
        throw optionError(`trustedProxies[${i}]`, 'an IP address or a network such as 10.0.0.0/8', proxy)
      this.trusted.addSubnet(address, prefix, version === 4 ? 'ipv4' : 'ipv6')
    })
  }

  /**
   * The right-most address that is not a trusted proxy's: anybody could have written what is left of it.
   *
   * @param remote - Address of the connection.
   * @param forwarded - The header `X-Forwarded-For`.
   */
  of(remote: string | undefined, forwarded: string | undefined): string {
    let address = plainAddress(remote ?? '')
    const hops = forwarded?.split(',') ?? []
    while (this.isTrusted(address)) {
      const hop = hops.pop()
      if (hop === undefined) break
      const next = addressOfHop(hop)
      if (next === undefined) {
        this.tell(hop)
        break
      }
      address = next
    }
    return address
  }

  private tell(hop: string): void {
    if (this.isTold) return
    this.isTold = true
    this.onUnreadable(hop)
  }

  /** Whether the address belongs to a trusted proxy. */
  isTrusted(address: string): boolean {
    const version = isIP(address)
    return version !== 0 && this.trusted.check(address, version === 4 ? 'ipv4' : 'ipv6')
  }
}

/** The part of an address that counts as one client: an IPv4 address, or the first 64 bits of IPv6, the usual size of one network. */
export function clientKey(address: string): string {
  if (isIP(address) !== 6) return address
  const [head = '', tail] = address.replace(/%.*$/, '').split('::')
  const groups = head === '' ? [] : head.split(':')
  if (tail !== undefined) {
    const rest = tail === '' ? [] : tail.split(':')
    const missing = 8 - groups.length - rest.length
    groups.push(...new Array(Math.max(0, missing)).fill('0'), ...rest)
  }
  return groups
    .slice(0, 4)
    .map((group) => Number.parseInt(group, 16).toString(16))
    .join(':')
}

/** `192.0.2.1`, `192.0.2.1:443`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:443`: some proxies add the port. `undefined` for what is none of these. */
function addressOfHop(hop: string): string | undefined {
  const text = hop.trim()
  const [, bracketed] = /^\[([^\]]*)\](?::\d{1,5})?$/.exec(text) ?? []
  const address = plainAddress(bracketed ?? text.replace(/^([\d.]+):\d{1,5}$/, '$1'))
  return isIP(address) === 0 ? undefined : address
}

/** Writes an IPv4 address that came mapped into IPv6 as plain IPv4. */
export function plainAddress(address: string): string {
  return address.replace(/^::ffff:(?=\d+\.)/i, '')
}
