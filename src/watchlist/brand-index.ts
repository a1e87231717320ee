import { Automaton } from './automaton.js'
import type { CheckedBrand } from './brand.js'
import { commonWords } from './common-words.js'
import { Neighbours, ONE_EDIT } from './neighbours.js'
import { canonicalText } from './squash.js'

/** Something that is searched for in names. */
export type Keyword =
  | {
      readonly kind: 'token'
      /** Number of the brand. */
      readonly brand: number
      /** Without hyphens. */
      readonly text: string
      /** As it was given. */
      readonly shown: string
      /** Where it has hyphens, as places in `text`. */
      readonly hyphens: readonly number[]
      /** A word of the dictionary. */
      readonly isWord: boolean
    }
  | { readonly kind: 'domain'; readonly brand: number; readonly text: string; readonly domain: string }
  /** A common word that holds a token: `online` is no `line`. */
  | { readonly kind: 'mask'; readonly text: string }

export type TokenKeyword = Extract<Keyword, { kind: 'token' }>

/** Shortest token that is searched for inside other letters. */
export const SHORTEST_GLUED = 4

/** All that is known of the brands, compiled for one pass over a name. */
export class BrandIndex {
  readonly automaton: Automaton
  /** By number of the automaton's keyword: several texts may be canonically equal. */
  readonly keywords: readonly (readonly Keyword[])[]
  readonly tokens: readonly TokenKeyword[]
  readonly neighbours: Neighbours
  /** By number in {@link neighbours}: tokens. */
  readonly near: readonly (readonly TokenKeyword[])[]

  constructor(brands: readonly CheckedBrand[]) {
    const words = commonWords()
    this.tokens = brands.flatMap((brand, id) => brand.tokens.map((token) => tokenKeyword(id, token, words)))
    const masks = masksOf(this.tokens, words)
    const domains = brands.flatMap((brand, id) => brand.domains.map((domain) => domainKeyword(id, domain)))
    const byText = grouped([...this.tokens, ...domains, ...masks] as Keyword[], ({ text }) => canonicalText(text))
    this.automaton = new Automaton([...byText.keys()])
    this.keywords = [...byText.values()]
    const near = grouped(
      this.tokens.filter(({ text }) => text.length >= ONE_EDIT),
      ({ text }) => canonicalText(text),
    )
    this.neighbours = new Neighbours([...near.keys()])
    this.near = [...near.values()]
  }
}

function tokenKeyword(brand: number, token: string, words: ReadonlySet<string>): TokenKeyword {
  const parts = token.split('-')
  const text = parts.join('')
  const hyphens: number[] = []
  let at = 0
  for (const part of parts.slice(0, -1)) hyphens.push((at += part.length))
  return { kind: 'token', brand, text, shown: token, hyphens, isWord: words.has(text) }
}

function domainKeyword(brand: number, domain: string): Keyword {
  return { kind: 'domain', brand, text: domain.replace(/[.-]/g, ''), domain }
}

/** Words of the dictionary with a token inside. */
function masksOf(tokens: readonly TokenKeyword[], words: ReadonlySet<string>): Keyword[] {
  const glued = [...new Set(tokens.map(({ text }) => text))].filter(({ length }) => length >= SHORTEST_GLUED)
  const automaton = new Automaton(glued)
  const known = new Set(glued)
  const masks: Keyword[] = []
  for (const word of words) {
    let state = automaton.start
    for (let i = 0; i < word.length; i++) {
      state = automaton.step(state, word.charCodeAt(i))
      if (automaton.firstEnd(state) === 0 || known.has(word)) continue
      masks.push({ kind: 'mask', text: word })
      break
    }
  }
  return masks
}

/** `Map.groupBy`, which Node 20 does not have. */
function grouped<T>(all: readonly T[], keyOf: (one: T) => string): Map<string, T[]> {
  const groups = new Map<string, T[]>()
  for (const one of all) {
    const key = keyOf(one)
    const there = groups.get(key)
    if (there === undefined) groups.set(key, [one])
    else there.push(one)
  }
  return groups
}
