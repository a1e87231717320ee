import { lookup as systemLookup } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Addresses that no public server has: IANA's special-purpose registries, multicast, and unassigned ones. */
const NOT_PUBLIC_IPV4 = [
  '0.0.0.0/8', // this network, unspecified
  '10.0.0.0/8', // private
  '100.64.0.0/10', // carrier-grade NAT
  '127.0.0.0/8', // loopback
  '169.254.0.0/16', // link-local: where clouds keep their credentials
  '172.16.0.0/12', // private
  '192.0.0.0/24', // protocol assignments
  '192.0.2.0/24', // documentation
  '192.88.99.0/24', // 6to4 relays
  '192.168.0.0/16', // private
  '198.18.0.0/15', // benchmarks
  '198.51.100.0/24', // documentation
  '203.0.113.0/24', // documentation
  '224.0.0.0/4', // multicast
  '240.0.0.0/4', // reserved, broadcast
]
/** Addresses outside of this network are loopback, link-local, unique-local, multicast, or unassigned. */
const PUBLIC_IPV6 = '2000::/3'
const NOT_PUBLIC_IPV6 = [
  '2001::/23', // Teredo, benchmarks, ORCHID and other protocol assignments
  '2001:db8::/32', // documentation
  '2002::/16', // 6to4, which holds any IPv4 address
  '3fff::/20', // documentation
]
/** IPv6 addresses that stand for the IPv4 address in their last 32 bits: mapped, and NAT64 (RFC 6052). */
const HOLDS_IPV4 = ['::ffff:', '64:ff9b::']

let lists: { readonly known: BlockList; readonly refused: BlockList } | undefined

/** Whether a public server can have this IPv4 or IPv6 address. An IPv6 address that embeds an IPv4 address is judged by the latter. */
export function isPublicAddress(address: string): boolean {
  const version = isIP(address)
  // Only link-local addresses have a zone (`fe80::1%eth0`).
  if (version === 0 || address.includes('%')) return false
  const family = version === 4 ? 'ipv4' : 'ipv6'
  lists ??= blockLists()
  return (version === 4 || lists.known.check(address, family)) && !lists.refused.check(address, family)
}

function blockLists() {
  const [known, refused] = [new BlockList(), new BlockList()]
  const add = (list: BlockList, subnet: string, family: 'ipv4' | 'ipv6', prefix = '') => {
    const [address, bits] = subnet.split('/') as [string, string]
    list.addSubnet(prefix + address, Number(bits) + (prefix === '' ? 0 : 96), family)
  }
  add(known, PUBLIC_IPV6, 'ipv6')
  for (const subnet of NOT_PUBLIC_IPV6) add(refused, subnet, 'ipv6')
  for (const subnet of NOT_PUBLIC_IPV4) add(refused, subnet, 'ipv4')
  for (const prefix of HOLDS_IPV4) {
    add(known, '0.0.0.0/0', 'ipv6', prefix)
    for (const subnet of NOT_PUBLIC_IPV4) add(refused, subnet, 'ipv6', prefix)
  }
  return { known, refused }
}

/** Thrown for an address that a fetched list must not lead to. */
export class AddressRefused extends Error {}

/**
 * Refuses a URL that no public log can have, whatever its host resolves to.
 * @throws {@link AddressRefused} for another port than 443, and for an address instead of a name that is not public.
 */
export function checkPublicUrl({ protocol, port, hostname }: URL): void {
  const usedPort = port || (protocol === 'https:' ? '443' : '80')
  if (usedPort !== '443') throw new AddressRefused(`port ${usedPort}, not 443`)
  const host = hostname.startsWith('[') ? hostname.slice(1, -1) : hostname
  if (isIP(host) !== 0 && !isPublicAddress(host)) throw new AddressRefused(`${host} is not a public address`)
}

/**
 * A DNS look-up that yields only public addresses. The socket connects to exactly these, so a name that resolves to something else a
 * moment later (DNS rebinding) gains nothing.
 *
 * @param lookup - Resolves names. Default: the system's.
 * @returns Fails with {@link AddressRefused} for a name that has no public address.
 */
export function publicLookup(lookup: LookupFunction = systemLookup): LookupFunction {
  return (hostname, options, callback) => {
    lookup(hostname, { ...options, all: true }, (error, found) => {
      if (error) return callback(error, [])
      const addresses = Array.isArray(found) ? found : []
      const allowed = addresses.filter(({ address }) => isPublicAddress(address))
      const [first] = allowed
      if (first === undefined) {
        const names = addresses.slice(0, 3).map(({ address }) => address)
        const what = `${hostname} resolves to ${names.join(', ') || 'nothing'}, which is not a public address`
        return callback(new AddressRefused(what), [])
      }
      if (options.all) callback(null, allowed)
      else callback(null, first.address, first.family)
    })
  }
}
