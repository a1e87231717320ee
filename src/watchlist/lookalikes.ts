import type { CheckedBrand } from './brand.js'
import { BrandIndex, type Keyword } from './brand-index.js'
import { DomainWalk } from './domain-walk.js'
import { type Evidence, evidenceOf, isOfOtherWord, isOfReading, type NameFacts, type Reading } from './evidence.js'
import { InnerSightings } from './inner-sightings.js'
import type { Match } from './match.js'
import { matchOf } from './reasons.js'
import { exactSightings, nearSightings, type Sighting } from './sightings.js'
import { Squash } from './squash.js'
import { splitName } from './suffix.js'
import { Surroundings } from './surroundings.js'
import { UnicodeLabels } from './unicode-label.js'

/** A domain of this brand is none's look-alike; one that is allowed for all brands. */
const ALL = -1
const NONE: Match[] = []
/** Most readings of one name: of A-labels, of which 253 characters hold 31, and of other labels, which are read in one way. */
const MAX_SCRIPT_READINGS = 64
const MAX_PAIR_READINGS = 32
/** Two letters that look like one. */
const PAIRS = /rn|vv|cl/
const PAIR_LETTERS: Readonly<Record<string, string>> = { rn: 'm', vv: 'w', cl: 'd' }
const OTHERWISE = /xn--|rn|vv|cl/

interface OtherReading {
  readonly kind: Reading['kind']
  readonly text: string
  readonly plain: string
}

/** A label of a name, and what it may be taken for. */
interface OtherLabel {
  readonly start: number
  readonly stop: number
  /** The likeliest first. */
  readonly readings: readonly OtherReading[]
}

/**
 * Which brands a name resembles: one pass for all of them.
 */
export class Lookalikes {
  private readonly brands: readonly CheckedBrand[]
  private readonly index: BrandIndex
  private readonly allowed: DomainWalk
  private readonly squash = new Squash()
  private labels: UnicodeLabels | undefined

  constructor(brands: readonly CheckedBrand[], allow: readonly string[]) {
    this.brands = brands
    this.index = new BrandIndex(brands)
    this.allowed = new DomainWalk(allowances(brands, allow))
  }

  get tokens(): BrandIndex['tokens'] {
    return this.index.tokens
  }

  /** @param name - As `dnsNames` has it. @returns At most one match a brand, best first. */
  match(name: string): Match[] {
    const best = this.evidence(name)
    if (best === undefined) return NONE
    return [...best]
      .filter(([, { sum }]) => sum > 0)
      .sort(([, a], [, b]) => b.sum - a.sum || b.sighting.token.text.length - a.sighting.token.text.length)
      .map(([id, evidence]) => matchOf((this.brands[id] as CheckedBrand).name, name, evidence))
  }

  /** The strongest evidence for each brand; `undefined` when there is none for any. */
  evidence(name: string): Map<number, Evidence> | undefined {
    const split = splitName(name)
    const end = Math.max(0, split.suffixAt - 1)
    if (end === 0) return undefined
    const allowed = this.allowed.find(name, split.suffixAt)
    if (allowed?.includes(ALL) === true) return undefined
    const facts: NameFacts = { name, split, reading: undefined }
    const best = new Map<number, Evidence>()
    this.look(name.includes('xn--') ? { ...facts, name: this.withoutUnicode(name) } : facts, end, allowed, best)
    if (OTHERWISE.test(name)) this.lookOtherwise(facts, end, allowed, best)
    return best.size === 0 ? undefined : best
  }

  private look(
    facts: NameFacts,
    end: number,
    allowed: readonly number[] | undefined,
    best: Map<number, Evidence>,
  ): void {
    const { squash, index } = this
    squash.fill(facts.name, end)
    const found: Sighting[] = []
    const domains: Keyword[] = []
    exactSightings(index, squash, found, domains)
    const { reading } = facts
    // Two letters for one, and a typo beside: too far to be believed.
    if (reading === undefined || reading.kind === 'script') nearSightings(index, squash, found)
    if (found.length === 0) return
    const inner = new InnerSightings(found)
    let around: Surroundings | undefined
    for (const sighting of found) {
      const { brand } = sighting.token
      if (allowed?.includes(brand) === true || inner.has(sighting)) continue
      if (reading !== undefined && !isOfReading(reading, squash, sighting)) continue
      around ??= new Surroundings(squash, found, domains)
      if (isOfOtherWord(sighting, squash, around)) continue
      const evidence = evidenceOf(facts, squash, sighting, around)
      const there = best.get(brand)
      if (there === undefined || evidence.sum > there.sum) best.set(brand, evidence)
    }
  }

  /**
   * Every other reading of a label, as if it had been written so. The likeliest of each comes before the second of any, so that no label
   * hides behind others; those nearest to the registry first.
   */
  private lookOtherwise(
    facts: NameFacts,
    end: number,
    allowed: readonly number[] | undefined,
    best: Map<number, Evidence>,
  ): void {
    const { name, split } = facts
    const labels = this.otherLabels(name, end)
    const most = labels.reduce((most, { readings }) => Math.max(most, readings.length), 0)
    let scripts = MAX_SCRIPT_READINGS
    for (let i = 0; i < most; i++)
      for (const { start, stop, readings } of labels) {
        const found = readings[i]
        if (found === undefined || (found.kind !== 'pairs' && scripts-- <= 0)) continue
        const { kind, text, plain } = found
        const shift = (at: number) => (at <= start ? at : at - (stop - start) + plain.length)
        const reading: Reading = { kind, text, start, stop, readStop: start + plain.length }
        const read = {
          name: name.slice(0, start) + plain + name.slice(stop),
          split: { suffixAt: shift(split.suffixAt), domainAt: shift(split.domainAt), icannAt: shift(split.icannAt) },
          reading,
        }
        this.look(read, shift(end), allowed, best)
      }
  }

  /** Labels that can be read otherwise, from the last on: the owner of a domain can put any number before it. */
  private otherLabels(name: string, end: number): OtherLabel[] {
    const labels: OtherLabel[] = []
    const left = { script: MAX_SCRIPT_READINGS, pairs: MAX_PAIR_READINGS }
    for (let stop = end, start: number; stop > 0; stop = start - 1) {
      start = name.lastIndexOf('.', stop - 1) + 1
      const kind = name.startsWith('xn--', start) ? 'script' : 'pairs'
      const readings = left[kind] > 0 ? this.readings(name.slice(start, stop)) : []
      if (readings.length === 0) continue
      left[kind]--
      labels.push({ start, stop, readings })
    }
    return labels
  }

  /** The ASCII of an A-label says nothing of what it shows: `xn--pypal-4ve` holds no «pypal». Of the same length. */
  private withoutUnicode(name: string): string {
    this.labels ??= new UnicodeLabels()
    const { labels } = this
    return name.replace(/(?<![^.])xn--[^.]+/g, (label) =>
      labels.textOf(label) === undefined ? label : '_'.repeat(label.length),
    )
  }

  private readings(label: string): OtherReading[] {
    if (label.startsWith('xn--')) {
      this.labels ??= new UnicodeLabels()
      const kindOf = (hasPair: boolean) => (hasPair ? 'script-pairs' : 'script')
      return this.labels.readings(label).map(({ text, plain, hasPair }) => ({ kind: kindOf(hasPair), text, plain }))
    }
    if (!PAIRS.test(label)) return []
    const plain = label.replace(/rn|vv|cl/g, (pair) => PAIR_LETTERS[pair] as string)
    return [{ kind: 'pairs', text: label.replaceAll('-', ''), plain }]
  }
}

function* allowances(brands: readonly CheckedBrand[], allow: readonly string[]): Generator<readonly [string, number]> {
  for (const domain of allow) yield [domain, ALL]
  // The official name of one brand is no look-alike of another.
  for (const { domains } of brands) for (const domain of domains) yield [domain, ALL]
  for (const [id, brand] of brands.entries()) for (const domain of brand.allow) yield [domain, id]
}
