import type { MatchReason } from './match.js'
import { BASE, POINTS, type Sign } from './points.js'
import type { Sighting } from './sightings.js'
import { Bound, type Squash } from './squash.js'
import type { Split } from './suffix.js'
import { suffixGroup } from './suffixes.js'
import type { Surroundings } from './surroundings.js'

/** What is known of a name beside what stands in it. */
export interface NameFacts {
  readonly name: string
  readonly split: Split
  /** When a label was read in another way, and `name` holds the reading. */
  readonly reading: Reading | undefined
}

/** A label that may be taken for what it is not. */
export interface Reading {
  /** Letters of another script, two letters for one, such as `rn` for `m`, or both. */
  readonly kind: 'script' | 'pairs' | 'script-pairs'
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
export function evidenceOf(facts: NameFacts, squash: Squash, sighting: Sighting, around: Surroundings): Evidence {
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
  addParts(squash, sighting, around, add)
  const registry = squash.bounds[end] === Bound.none ? end : around.registryEnd(squash.partAt(end))
  if (registry > end) add('registry', end, registry)
  if (around.hasDomain(token)) add('official')
  const isBacked = signs.some(({ sign }) => BACKING.has(sign))
  if (token.isWord) add(isBacked ? 'word' : 'word-bare', start, end)
  else if (token.text.length <= 3) add(isBacked ? 'short' : 'short-bare', start, end)
  if (extent === 'label' && isInDomain && how === 'exact' && reading === undefined) add('other-suffix')
  if (around.isElsewhere(sighting)) add('again')
  if (split.icannAt !== split.suffixAt) add('private')
  const group = suffixGroup(name.slice(name.lastIndexOf('.') + 1))
  if (group !== undefined) add(group)
  if (reading !== undefined && reading.kind !== 'pairs' && !reading.text.includes(token.text))
    add('unicode', start, end)
  let sum = BASE
  for (const { sign } of signs) sum += POINTS[sign]
  return { sighting, sum, signs }
}

/** The parts around the sighting, in their order: the first words that lure, and what the token is glued to. */
function addParts(
  squash: Squash,
  { start, end, extent }: Sighting,
  around: Surroundings,
  add: (sign: Sign, start: number, end: number) => void,
): void {
  const lures = new Set<Sign>()
  const addLure = (kind: 'strong' | 'weak', from: number, to: number): void => {
    if (!lures.has(kind)) add(kind, from, to)
    lures.add(kind)
  }
  /** The first lures among some of the parts. */
  const addLures = (part: number, stop: number): void => {
    const strong = around.nextLure('strong', part)
    const weak = around.nextLure('weak', part)
    const kinds = strong < weak ? (['strong', 'weak'] as const) : (['weak', 'strong'] as const)
    for (const kind of kinds) {
      const at = around.nextLure(kind, part)
      if (at < stop) addLure(kind, squash.partStart[at] as number, squash.partEnd[at] as number)
    }
  }
  const isLure = (from: number, to: number): boolean => {
    const kind = around.lureIn(from, to)
    if (kind !== undefined) addLure(kind, from, to)
    return kind !== undefined
  }
  const first = squash.partAt(start)
  const last = squash.partAt(end - 1)
  addLures(0, first)
  for (let part = first; part <= last && extent === 'glued'; part++) {
    const from = squash.partStart[part] as number
    const to = squash.partEnd[part] as number
    if (from < start && !isLure(from, start)) add('rest-before', from, start)
    if (to > end && !isLure(end, to))
      add(around.isNumber(end, to) ? 'rest-digits' : to - end <= 2 ? 'rest-short' : 'rest-after', end, to)
  }
  addLures(last + 1, squash.parts)
}

/** A brand that is a common word, glued to anything but lures and digits, is part of another word or none of the brand. */
export function isOfOtherWord({ token, extent, start, end }: Sighting, squash: Squash, around: Surroundings): boolean {
  if (!token.isWord || extent !== 'glued') return false
  const isOther = (from: number, to: number) =>
    from < to && around.lureIn(from, to) === undefined && !around.isNumber(from, to)
  const before = squash.partStart[squash.partAt(start)] as number
  const behind = squash.partEnd[squash.partAt(end - 1)] as number
  return isOther(before, start) || isOther(end, behind)
}

function isTypo(how: Sighting['how']): boolean {
  return how !== 'exact' && how !== 'split' && how !== 'confusable'
}

/** Whether a sighting is in what was read in another way; of pairs of letters, only if it would not be there otherwise. */
export function isOfReading(reading: Reading, squash: Squash, sighting: Sighting): boolean {
  const from = squash.origin[sighting.start] as number
  const to = (squash.origin[sighting.end - 1] as number) + 1
  const isThere = from < reading.readStop && to > reading.start
  return isThere && (reading.kind !== 'pairs' || !reading.text.includes(sighting.token.text))
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
