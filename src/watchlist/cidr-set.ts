import { formatIpAddress, parseIpAddress } from '../x509/ip-address.js'
import type { OwnRule } from './own-rule.js'

/** Address ranges: one look-up for each length of prefix that is used, whatever the number of ranges. */
export class CidrSet {
  /** By number of octets and prefix length: masked octets, and the rule as it is shown. */
  private readonly ranges = new Map<number, Map<string, string>>()

  constructor(rules: Iterable<OwnRule>) {
    for (const rule of rules) {
      if (rule.kind !== 'ip') continue
      const { octets, bits } = rule
      const masked = mask(octets, bits)
      const length = octets.length * 1000 + bits
      const there = this.ranges.get(length) ?? new Map<string, string>()
      this.ranges.set(length, there.set(masked.join('.'), `ip:${formatIpAddress(masked)}/${bits}`))
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
    const found: { bits: number; rule: string }[] = []
    for (const [length, ranges] of this.ranges) {
      const bits = length % 1000
      if (length - bits !== octets.length * 1000) continue
      const rule = ranges.get(mask(octets, bits).join('.'))
      if (rule !== undefined) found.push({ bits, rule })
    }
    return found.sort((a, b) => b.bits - a.bits).map(({ rule }) => rule)
  }
}

function mask(octets: readonly number[], bits: number): number[] {
  return octets.map((octet, i) => octet & (0xff00 >> Math.min(8, Math.max(0, bits - 8 * i))) & 0xff)
}
