/**
 * Text of an IP address: dotted decimal for 4 octets, RFC 5952 for 16 (lower case, the longest run of zeros as `::`, the first of
 * equal ones, IPv4-mapped addresses in mixed notation); `undefined` for any other number of octets.
 */
export function formatIpAddress(octets: ArrayLike<number>): string | undefined {
  if (octets.length === 4) return Array.from(octets).join('.')
  if (octets.length !== 16) return undefined
  const groups: number[] = []
  for (let i = 0; i < 16; i += 2) groups.push((octets[i] as number) * 256 + (octets[i + 1] as number))
  const isMapped = groups.slice(0, 5).every((group) => group === 0) && groups[5] === 0xffff
  if (isMapped) return `::ffff:${Array.from(octets).slice(12).join('.')}`
  const run = longestZeroRun(groups)
  if (run.length < 2) return hexGroups(groups)
  return `${hexGroups(groups.slice(0, run.start))}::${hexGroups(groups.slice(run.start + run.length))}`
}

/** The octets of an IPv4 or IPv6 address in text form (RFC 4291 section 2.2); `undefined` when it is not one. */
export function parseIpAddress(text: string): number[] | undefined {
  // Excludes nearly every name cheaply: IPv6 has colons, IPv4 ends in a digit.
  if (text.length > 45 || !/[0-9:]$|:[0-9a-f]{1,4}$/i.test(text)) return undefined
  return text.includes(':') ? parseIpv6(text) : parseIpv4(text)
}

function parseIpv4(text: string): number[] | undefined {
  const parts = text.split('.')
  const isIpv4 = parts.length === 4 && parts.every((part) => /^(0|[1-9]\d{0,2})$/.test(part) && Number(part) < 256)
  return isIpv4 ? parts.map(Number) : undefined
}

function parseIpv6(text: string): number[] | undefined {
  const halves = text.split('::')
  if (halves.length > 2) return undefined
  const [head, tail] = halves.map((half, i) => parseGroups(half, i === halves.length - 1))
  if (head === undefined) return undefined
  if (halves.length === 1) return head.length === 16 ? head : undefined
  if (tail === undefined || head.length + tail.length > 14) return undefined
  return [...head, ...new Array<number>(16 - head.length - tail.length).fill(0), ...tail]
}

/** Octets of groups between colons; the last may be an IPv4 address where it ends the text. */
function parseGroups(text: string, endsText: boolean): number[] | undefined {
  if (text === '') return []
  const octets: number[] = []
  const groups = text.split(':')
  for (const [i, group] of groups.entries()) {
    if (/^[0-9a-f]{1,4}$/i.test(group)) {
      const value = Number.parseInt(group, 16)
      octets.push(Math.floor(value / 256), value % 256)
      continue
    }
    const ipv4 = endsText && i === groups.length - 1 ? parseIpv4(group) : undefined
    if (ipv4 === undefined) return undefined
    octets.push(...ipv4)
  }
  return octets
}

function longestZeroRun(groups: readonly number[]): { start: number; length: number } {
  let best = { start: 0, length: 0 }
  for (let start = 0; start < groups.length; start++) {
    let length = 0
    while (groups[start + length] === 0) length++
    if (length > best.length) best = { start, length }
  }
  return best
}

function hexGroups(groups: readonly number[]): string {
  return groups.map((group) => group.toString(16)).join(':')
}
