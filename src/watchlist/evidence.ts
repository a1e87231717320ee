import type { Keyword } from './brand-index.js'
import { lureOf, registryWords } from './lures.js'
import type { MatchReason } from './match.js'
import { BASE, POINTS, type Sign } from './points.js'
import type { Sighting } from './sightings.js'
import { Bound, type Squash } from './squash.js'
import type { Split } from './suffix.js'
import { suffixGroup } from './suffixes.js'

/** What is known of a name beside what stands in it. */
export interface NameFacts {
  readonly name: string
  readonly split: Split
  /** When a label was read in another way, and `name` holds the reading. */
  readonly reading: Reading | undefined
}

/** A label that may be taken for what it is not. */
export interface Reading {
  /** Letters of another script, or two letters for one, such as `rn` for `m`. */
  readonly kind: 'script' | 'pairs'
  /** What the label is. */
  readonly text: string
  /** Its place in the real name. */
  readonly start: number
  readonly stop: number
  /** Where its reading ends in the name that holds it. */
  readonly readStop: number
}

export interface Evidence {
  readonly sighting: Sighting
  /** Of all points: the score, before it is cut to its scale. */
  readonly sum: number
  readonly signs: readonly PlacedSign[]
}

interface PlacedSign {
  readonly sign: Sign
  readonly at: MatchReason['at']
}

/** What makes a brand that is a common word mean the brand. */
const BACKING: ReadonlySet<Sign> = new Set<Sign>(['strong', 'weak', 'registry', 'official'])

/** All that speaks for and against a sighting. */
export function evidenceOf(
  facts: NameFacts,
  squash: Squash,
  sighting: Sighting,
  found: readonly Sighting[],
  domains: readonly Keyword[],
): Evidence {
  const signs: PlacedSign[] = []
  const add = (sign: Sign, start?: number, end?: number) => {
    signs.push({ sign, at: start === undefined ? undefined : placeOf(facts, squash, start, end as number) })
  }
  const { token, extent, start, end } = sighting
  const how = facts.reading?.kind === 'pairs' ? 'confusable' : sighting.how
  const { split, name, reading } = facts
  const isInDomain = (squash.origin[start] as number) >= split.domainAt
  add(how, start, end)
  add(`${extent}-${isInDomain ? 'domain' : 'sub'}`, start, end)
  if (extent === 'glued' && isTypo(how)) add('glued-typo', start, end)
  if (isTypo(how) && token.text.length === 5) add('short-typo', start, end)
  addParts(squash, sighting, add)
  const registry = registryAfter(squash, end)
  if (registry > end) add('registry', end, registry)
  if (domains.some((domain) => domain.kind === 'domain' && domain.brand === token.brand && domain.text !== token.text))
    add('official')
  const isBacked = signs.some(({ sign }) => BACKING.has(sign))
  if (token.isWord) add(isBacked ? 'word' : 'word-bare', start, end)
  else if (token.text.length <= 3) add(isBacked ? 'short' : 'short-bare', start, end)
  if (extent === 'label' && isInDomain && how === 'exact' && reading === undefined) add('other-suffix')
  if (found.some((other) => isElsewhere(other, sighting))) add('again')
  if (split.icannAt !== split.suffixAt) add('private')
  const group = suffixGroup(name.slice(name.lastIndexOf('.') + 1))
  if (group !== undefined) add(group)
  if (reading?.kind === 'script' && !reading.text.includes(token.text)) add('unicode', start, end)
  let sum = BASE
  for (const { sign } of signs) sum += POINTS[sign]
  return { sighting, sum, signs }
}

/** The parts around the sighting: words that lure, and what the token is glued to. */
function addParts(
  squash: Squash,
  { start, end, extent }: Sighting,
  add: (sign: Sign, start: number, end: number) => void,
): void {
  let strong = false
  let weak = false
  const lure = (from: number, to: number): boolean => {
    const kind = lureOf(squash.text(from, to))
    if (kind === undefined) return false
    if (kind === 'strong' && !strong) add('strong', from, to)
    if (kind === 'weak' && !weak) add('weak', from, to)
    if (kind === 'strong') strong = true
    else weak = true
    return true
  }
  for (let part = 0; part < squash.parts; part++) {
    const from = squash.partStart[part] as number
    const to = squash.partEnd[part] as number
    if (to <= start || from >= end) {
      lure(from, to)
      continue
    }
    if (extent !== 'glued') continue
    if (from < start && !lure(from, start)) add('rest-before', from, start)
    if (to > end && !lure(end, to))
      add(/^\d+$/.test(squash.text(end, to)) ? 'rest-digits' : to - end <= 2 ? 'rest-short' : 'rest-after', end, to)
  }
}

/** A brand that is a common word, glued to anything but lures and digits, is part of another word or none of the brand. */
export function isOfOtherWord({ token, extent, start, end }: Sighting, squash: Squash): boolean {
  if (!token.isWord || extent !== 'glued') return false
  const isOther = (from: number, to: number) =>
    from < to && lureOf(squash.text(from, to)) === undefined && !/^\d+$/.test(squash.text(from, to))
  for (let part = 0; part < squash.parts; part++) {
    const from = squash.partStart[part] as number
    const to = squash.partEnd[part] as number
    if (to > start && from < end && (isOther(from, start) || isOther(end, to))) return true
  }
  return false
}

/** The end of `co.jp`, `com` and the like just behind a place; the place itself when there is none. */
function registryAfter(squash: Squash, end: number): number {
  let stop = end
  for (let part = 0; part < squash.parts && end < squash.length; part++) {
    if (squash.partStart[part] !== stop || squash.bounds[stop] === Bound.none) continue
    const next = squash.partEnd[part] as number
    if (!registryWords.has(squash.text(stop, next))) break
    stop = next
  }
  return stop
}

function isTypo(how: Sighting['how']): boolean {
  return how !== 'exact' && how !== 'split' && how !== 'confusable'
}

function isElsewhere(other: Sighting, { token, start, end }: Sighting): boolean {
  return other.token.brand === token.brand && (other.start >= end || other.end <= start)
}

/** Whether a sighting is in what was read in another way; of pairs of letters, only if it would not be there otherwise. */
export function isOfReading(reading: Reading, squash: Squash, sighting: Sighting): boolean {
  const from = squash.origin[sighting.start] as number
  const to = (squash.origin[sighting.end - 1] as number) + 1
  const isThere = from < reading.readStop && to > reading.start
  return isThere && (reading.kind === 'script' || !reading.text.includes(sighting.token.text))
}

/** In the real name. */
function placeOf({ reading }: NameFacts, squash: Squash, start: number, end: number): readonly [number, number] {
  const from = squash.origin[start] as number
  const to = (squash.origin[end - 1] as number) + 1
  if (reading === undefined || to <= reading.start) return [from, to]
  const longer = reading.stop - reading.readStop
  return from < reading.readStop
    ? [Math.min(from, reading.start), Math.max(reading.stop, to + longer)]
    : [from + longer, to + longer]
}
