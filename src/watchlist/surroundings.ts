import type { Keyword, TokenKeyword } from './brand-index.js'
import { LONGEST_LURE, lureOf, registryWords } from './lures.js'
import type { Sighting } from './sightings.js'
import type { Squash } from './squash.js'

/**
 * What stands around the sightings of a name. Made in one pass: a name may hold as many sightings as it has parts, and each asks for
 * what is in all the others.
 */
export class Surroundings {
  /** By part: the first one from here on that is a lure; the number of parts when there is none. */
  private readonly strong: Uint16Array
  private readonly weak: Uint16Array
  /** By part: where the registry words end that begin with it. */
  private readonly registry: Uint16Array
  /** Characters before each place that are no digits. */
  private readonly letters: Uint16Array
  /** By brand: where the first of its sightings ends, and where the last one starts. */
  private readonly reach = new Map<number, { firstEnd: number; lastStart: number }>()
  /** By brand: its domains that are spelled out. */
  private readonly domains = new Map<number, Set<string>>()
  private readonly squash: Squash

  /** @param squash - Must not be filled again while this is in use. */
  constructor(squash: Squash, found: readonly Sighting[], domains: readonly Keyword[]) {
    const { parts, length } = squash
    this.squash = squash
    this.strong = new Uint16Array(parts + 1).fill(parts, parts)
    this.weak = new Uint16Array(parts + 1).fill(parts, parts)
    this.registry = new Uint16Array(parts + 1).fill(length, parts)
    this.letters = new Uint16Array(length + 1)
    this.readParts()
    for (let i = 0; i < length; i++)
      this.letters[i + 1] = (this.letters[i] as number) + (isDigit(squash.raw[i]) ? 0 : 1)
    for (const sighting of found) this.addSighting(sighting)
    for (const domain of domains) if (domain.kind === 'domain') this.addDomain(domain.brand, domain.text)
  }

  /** The first part from `part` on that is such a lure; the number of parts when there is none. */
  nextLure(kind: 'strong' | 'weak', part: number): number {
    return this[kind][part] as number
  }

  /** Whether a stretch, which need not be a whole part, is a lure. */
  lureIn(start: number, end: number): 'strong' | 'weak' | undefined {
    return end - start > LONGEST_LURE ? undefined : lureOf(this.squash.text(start, end))
  }

  /** Whether there are only digits; not for nothing at all. */
  isNumber(start: number, end: number): boolean {
    return this.letters[start] === this.letters[end]
  }

  /** The end of `co.jp`, `com` and the like that begin with a part. */
  registryEnd(part: number): number {
    return this.registry[part] as number
  }

  /** Whether the brand is sighted elsewhere, too. */
  isElsewhere({ token, start, end }: Sighting): boolean {
    const reach = this.reach.get(token.brand)
    return reach !== undefined && (reach.lastStart >= end || reach.firstEnd <= start)
  }

  /** Whether a domain of the brand is spelled out, and it is not the token itself. */
  hasDomain({ brand, text }: TokenKeyword): boolean {
    const texts = this.domains.get(brand)
    return texts !== undefined && texts.size > (texts.has(text) ? 1 : 0)
  }

  private readParts(): void {
    const { squash, strong, weak, registry } = this
    for (let part = squash.parts - 1; part >= 0; part--) {
      const start = squash.partStart[part] as number
      const text = squash.text(start, squash.partEnd[part] as number)
      const lure = lureOf(text)
      strong[part] = lure === 'strong' ? part : (strong[part + 1] as number)
      weak[part] = lure === 'weak' ? part : (weak[part + 1] as number)
      registry[part] = registryWords.has(text) ? (registry[part + 1] as number) : start
    }
  }

  private addSighting({ token, start, end }: Sighting): void {
    const reach = this.reach.get(token.brand)
    if (reach === undefined) this.reach.set(token.brand, { firstEnd: end, lastStart: start })
    else {
      reach.firstEnd = Math.min(reach.firstEnd, end)
      reach.lastStart = Math.max(reach.lastStart, start)
    }
  }

  private addDomain(brand: number, text: string): void {
    const texts = this.domains.get(brand)
    if (texts === undefined) this.domains.set(brand, new Set([text]))
    else texts.add(text)
  }
}

function isDigit(code: number | undefined): boolean {
  return code !== undefined && code >= 0x30 && code <= 0x39
}
