import type { BrandIndex, Keyword, TokenKeyword } from './brand-index.js'
import { SHORTEST_GLUED } from './brand-index.js'
import { type Edit, editOf } from './edits.js'
import { ONE_EDIT, TWO_EDITS } from './neighbours.js'
import { type Span, Spans } from './spans.js'
import { Bound, type Squash } from './squash.js'

/** How a token stands in a name. */
export type How = 'exact' | 'confusable' | 'split' | Exclude<Edit, 'first'>

/** Whether it is a whole label, a part between hyphens, or has other letters around it. */
export type Extent = 'label' | 'part' | 'glued'

/** A place in a name that resembles a token. */
export interface Sighting {
  readonly token: TokenKeyword
  readonly how: How
  readonly extent: Extent
  /** Places in the squashed name. */
  readonly start: number
  readonly end: number
  /** Only a beginning or an end of a part is compared with one edit: what is left of the part is unknown. */
  readonly inside: boolean
}

/** Shortest token that is believed in digits and other letters for letters, whole and glued. */
const SHORTEST_CONFUSABLE = 4
/** Windows at both ends of a part are compared for tokens from here on. */
const SHORTEST_WINDOW = 6

/** All places where a token stands, exactly or in other letters: one pass. */
export function exactSightings(index: BrandIndex, squash: Squash, found: Sighting[], domains: Keyword[]): void {
  const { automaton, keywords } = index
  const { canonical, length } = squash
  let state = automaton.start
  let masks: Span[] | undefined
  const first = found.length
  for (let i = 0; i < length; i++) {
    state = automaton.step(state, canonical[i] as number)
    for (let end = automaton.firstEnd(state); end > 0; end = automaton.shorterEnd(end)) {
      const keyword = automaton.keywordAt(end)
      const start = i + 1 - automaton.lengthOf(keyword)
      for (const one of keywords[keyword] as Keyword[]) {
        if (one.kind === 'token') {
          const sighting = sightingOf(squash, one, start, i + 1)
          if (sighting !== undefined) found.push(sighting)
        } else if (one.kind === 'mask') {
          if (isLiteral(squash, one.text, start) && !hasBoundInside(squash, start, i + 1))
            (masks ??= []).push({ start, end: i + 1 })
        } else if (
          squash.bounds[start] !== Bound.none &&
          squash.bounds[i + 1] !== Bound.none &&
          isLiteral(squash, one.text, start)
        )
          domains.push(one)
      }
    }
  }
  if (masks === undefined) return
  const words = new Spans(masks)
  const kept = found.splice(first).filter((sighting) => sighting.extent !== 'glued' || !words.cover(sighting))
  found.push(...kept)
}

function sightingOf(squash: Squash, token: TokenKeyword, start: number, end: number): Sighting | undefined {
  const { bounds } = squash
  const startsPart = bounds[start] !== Bound.none
  const endsPart = bounds[end] !== Bound.none
  const isWhole = startsPart && endsPart
  const { text } = token
  if (!isWhole && text.length < SHORTEST_GLUED) return undefined
  if (!isWhole && text.length === SHORTEST_GLUED && !startsPart && !endsPart) return undefined
  let extra = 0
  for (let i = start + 1; i < end; i++) {
    const bound = bounds[i] as number
    if (bound === Bound.none || (bound === Bound.hyphen && token.hyphens.includes(i - start))) continue
    // `pay.pal.example` and `pay-pal.example`, but not the end of one word and the beginning of the next.
    if (!isWhole || text.length < ONE_EDIT) return undefined
    extra++
  }
  const exact = isLiteral(squash, text, start)
  if (!exact && (text.length < SHORTEST_CONFUSABLE || (text.length < ONE_EDIT && !isWhole))) return undefined
  if (extra > 0 && (extra > 2 || !exact)) return undefined
  const how = extra > 0 ? 'split' : exact ? 'exact' : 'confusable'
  return { token, how, extent: extentOf(squash, start, end), start, end, inside: false }
}

/** Places that are one edit from a token, or two: whole parts, two parts joined, beginnings and ends of parts. */
export function nearSightings(index: BrandIndex, squash: Squash, found: Sighting[]): void {
  const { neighbours } = index
  const { longest } = neighbours
  if (longest === 0) return
  const numbers: number[] = []
  const look = (start: number, end: number, edits: number, inside: boolean): void => {
    neighbours.look(squash, start, end, edits, numbers)
    if (numbers.length === 0) return
    for (const number of new Set(numbers))
      for (const token of index.near[number] as readonly TokenKeyword[]) {
        const sighting = nearSighting(squash, token, start, end, edits, inside)
        if (sighting !== undefined) found.push(sighting)
      }
    numbers.length = 0
  }
  for (let part = 0; part < squash.parts; part++) {
    const start = squash.partStart[part] as number
    const end = squash.partEnd[part] as number
    const length = end - start
    if (length <= longest) look(start, end, 2, false)
    if (part + 1 < squash.parts) {
      const joined = squash.partEnd[part + 1] as number
      if (joined - start <= longest) look(start, joined, 1, false)
    }
    if (length < SHORTEST_WINDOW + 1) continue
    const most = Math.min(length - 1, longest, 16)
    for (let window = SHORTEST_WINDOW - 1; window <= most; window++) {
      look(start, start + window, 1, true)
      look(end - window, end, 1, true)
    }
  }
}

function nearSighting(
  squash: Squash,
  token: TokenKeyword,
  start: number,
  end: number,
  edits: number,
  inside: boolean,
): Sighting | undefined {
  const { text } = token
  if (inside && text.length < SHORTEST_WINDOW) return undefined
  const raw = squash.text(start, end)
  // Letters read for others do not count as edits beside one that is.
  const seen = editOf(text, raw, text.length >= TWO_EDITS ? edits : 1) ?? editOf(text, lettersLike(raw, text), 1)
  // hank is no bank: a word with another beginning is another word.
  if (seen === undefined || seen === 'first') return undefined
  if (isBesideWord(squash, raw, text, start, end)) return undefined
  // Digits behind a brand make it no typo.
  if ((seen === 'insertion' || seen === 'repetition') && raw.startsWith(text) && /\d$/.test(raw)) return undefined
  if (inside && seen === 'two') return undefined
  // A window that only holds the word and the letter beside it: that is the word, glued.
  if (inside && raw.includes(text)) return undefined
  return { token, how: seen, extent: inside ? 'glued' : extentOf(squash, start, end), start, end, inside }
}

/** Whether two parts are the word itself and a letter beside it. */
function isBesideWord({ bounds }: Squash, raw: string, text: string, start: number, end: number): boolean {
  const isBefore = raw.startsWith(text) && bounds[start + text.length] !== Bound.none
  return isBefore || (raw.endsWith(text) && bounds[end - text.length] !== Bound.none)
}

/** Digits of the text become the letters of the word that they may stand for, where those are in the same place. */
function lettersLike(text: string, word: string): string {
  return text.replace(/\d/g, (digit, at: number) => {
    const letter = word[at]
    return letter !== undefined && LIKE[digit]?.includes(letter) === true ? letter : digit
  })
}

const LIKE: Readonly<Record<string, string>> = {
  0: 'o',
  1: 'il',
  2: 'z',
  3: 'e',
  4: 'a',
  5: 's',
  7: 't',
  8: 'b',
  9: 'g',
}

function extentOf({ bounds }: Squash, start: number, end: number): Extent {
  if (bounds[start] === Bound.dot && bounds[end] === Bound.dot) return 'label'
  return bounds[start] !== Bound.none && bounds[end] !== Bound.none ? 'part' : 'glued'
}

function isLiteral({ raw }: Squash, text: string, start: number): boolean {
  for (let i = 0; i < text.length; i++) if (raw[start + i] !== text.charCodeAt(i)) return false
  return true
}

function hasBoundInside({ bounds }: Squash, start: number, end: number): boolean {
  for (let i = start + 1; i < end; i++) if (bounds[i] !== Bound.none) return true
  return false
}
