import { formatIpAddress, parseIpAddress } from '../x509/ip-address.js'
import type { OwnRule } from './own-rule.js'

/** ::ffff:0:0/96, below which IPv6 has the IPv4 addresses (RFC 4291 section 2.5.5.2). */
const MAPPED = [0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff]
const MAPPED_BITS = 96

/**
 * Address ranges: one look-up for each length of prefix that is used, whatever the number of ranges.
 *
 * An IPv4 address and the IPv6 address it is mapped to are one: Go's programs take a certificate of one for the other.
 */
export class CidrSet {
  /** By prefix length, of IPv6: masked octets, and the rule as it is shown. */
  private readonly ranges = new Map<number, Map<string, string>>()

  constructor(rules: Iterable<OwnRule>) {
    for (const rule of rules) {
      if (rule.kind !== 'ip') continue
      const { octets, bits } = rule
      const shown = `ip:${formatIpAddress(mask(octets, bits))}/${bits}`
      const length = octets.length === 4 ? bits + MAPPED_BITS : bits
      const there = this.ranges.get(length) ?? new Map<string, string>()
      this.ranges.set(length, there.set(mask(mapped(octets), length).join('.'), shown))
    }
  }

  get size(): number {
    let size = 0
    for (const { size: count } of this.ranges.values()) size += count
    return size
  }

  /** The rules that an address meets, narrowest first. @param address - Dotted decimal or IPv6 text. */
  match(address: string): string[] {
    const octets = parseIpAddress(address)
    if (octets === undefined) return []
    const whole = mapped(octets)
    const found: { bits: number; rule: string }[] = []
    for (const [bits, ranges] of this.ranges) {
      // Whoever means all of IPv6 means no IPv4.
      if (octets.length === 4 && bits < MAPPED_BITS) continue
      const rule = ranges.get(mask(whole, bits).join('.'))
      if (rule !== undefined) found.push({ bits, rule })
    }
    return found.sort((a, b) => b.bits - a.bits).map(({ rule }) => rule)
  }
}

const mapped = (octets: readonly number[]): readonly number[] => (octets.length === 4 ? [...MAPPED, ...octets] : octets)

function mask(octets: readonly number[], bits: number): number[] {
  return octets.map((octet, i) => octet & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))) & 0xff)
}
