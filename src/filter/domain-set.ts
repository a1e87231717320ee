import type { DomainPattern } from './domain-pattern.js'
import { NameHashes } from './name-hashes.js'

/** How a name is listed. */
const SELF = 1
const BELOW = 2
/** Whether a direct child of the name is listed, which a wildcard below the name would cover. */
const CHILD = 4

/**
 * The watched domains. A look-up takes time by the length of the name, independent of the number of domains.
 */
export class DomainSet {
  /** The same patterns, for names as bytes. */
  readonly hashes: NameHashes
  private readonly listed = new Map<string, number>()
  private readonly longest: number

  constructor(patterns: readonly DomainPattern[]) {
    let longest = 0
    for (const { name, self, below } of patterns) {
      this.list(name, (self ? SELF : 0) + (below ? BELOW : 0))
      if (self) this.list(parentOf(name), CHILD)
      longest = Math.max(longest, name.length)
    }
    this.longest = longest
    this.hashes = new NameHashes(hashedNames(this.listed))
  }

  get size(): number {
    return this.listed.size
  }

  /** Whether a name, in the form of `dnsNames`, is a watched name, below one, or a wildcard that covers one. */
  has(name: string): boolean {
    if ((this.flags(name) & SELF) !== 0) return true
    // From the end, because a name may be far longer than any listed one.
    for (let dot = lastDot(name, name.length); dot >= 0; dot = lastDot(name, dot)) {
      if (name.length - dot - 1 > this.longest) break
      if ((this.flags(name.slice(dot + 1)) & BELOW) !== 0) return true
    }
    return this.isCovered(name)
  }

  /** RFC 9525 section 6.3: a wildcard stands for one label, the first. */
  private isCovered(name: string): boolean {
    const dot = name.indexOf('.')
    const star = name.indexOf('*')
    if (star < 0 || (dot >= 0 && star > dot)) return false
    return (this.flags(dot < 0 ? '' : name.slice(dot + 1)) & CHILD) !== 0
  }

  private flags(name: string): number {
    return name.length > this.longest ? 0 : (this.listed.get(name) ?? 0)
  }

  private list(name: string, flags: number): void {
    this.listed.set(name, (this.listed.get(name) ?? 0) | flags)
  }
}

function lastDot(name: string, before: number): number {
  return before === 0 ? -1 : name.lastIndexOf('.', before - 1)
}

/** `''` for a name of one label. */
function parentOf(name: string): string {
  const dot = name.indexOf('.')
  return dot < 0 ? '' : name.slice(dot + 1)
}

function* hashedNames(listed: ReadonlyMap<string, number>) {
  for (const [name, flags] of listed) {
    if ((flags & (SELF | BELOW)) !== 0) yield { name, whole: (flags & SELF) !== 0, below: (flags & BELOW) !== 0 }
    if ((flags & CHILD) !== 0) yield { name: name === '' ? '*' : `*.${name}`, whole: true, below: false }
  }
}
