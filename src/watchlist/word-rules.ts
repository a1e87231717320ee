import { Automaton } from './automaton.js'
import { type Match, WORD_SCORE } from './match.js'
import type { Place } from './place.js'

/** `word`: a whole label. `word*`, `*word`, `*word*`: the beginning, the end, any part of a label. */
export interface WordRule {
  readonly word: string
  readonly openStart: boolean
  readonly openEnd: boolean
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID`, or `CT_WATCHLIST_INVALID` with file and line. */
export function parseWordRule(place: Place, text: string): WordRule {
  const trimmed = text.trim().toLowerCase()
  const openStart = trimmed.startsWith('*')
  const openEnd = trimmed.length > 1 && trimmed.endsWith('*')
  const word = trimmed.slice(openStart ? 1 : 0, openEnd ? -1 : undefined)
  if (!/^[a-z0-9_-]{1,63}$/.test(word))
    throw place.refuse(
      "a word of letters, digits and hyphens: 'word' (a whole label), 'word*', '*word' or '*word*'",
      text,
    )
  return { word, openStart, openEnd }
}

export class WordRules {
  private readonly automaton: Automaton
  /** By number of the keyword. */
  private readonly rules: WordRule[][] = []

  constructor(rules: Iterable<WordRule>) {
    const byWord = new Map<string, WordRule[]>()
    for (const rule of rules) {
      const there = byWord.get(rule.word)
      if (there === undefined) byWord.set(rule.word, [rule])
      else if (!there.some(({ openStart, openEnd }) => openStart === rule.openStart && openEnd === rule.openEnd))
        there.push(rule)
    }
    this.automaton = new Automaton([...byWord.keys()])
    this.rules = [...byWord.values()]
  }

  get size(): number {
    return this.rules.length
  }

  /** Every rule once, at its first place. */
  match(name: string): Match[] {
    const { automaton } = this
    const found = new Map<WordRule, Match>()
    let state = automaton.start
    for (let i = 0; i < name.length && this.rules.length > 0; i++) {
      state = automaton.step(state, name.charCodeAt(i))
      for (let end = automaton.firstEnd(state); end > 0; end = automaton.shorterEnd(end)) {
        const keyword = automaton.keywordAt(end)
        const start = i + 1 - automaton.lengthOf(keyword)
        for (const rule of this.rules[keyword] as WordRule[])
          if (!found.has(rule) && isAt(rule, name, start, i + 1)) found.set(rule, matchOf(rule, name, start, i + 1))
      }
    }
    return [...found.values()]
  }
}

function isAt(rule: WordRule, name: string, start: number, end: number): boolean {
  const startsLabel = start === 0 || name.charAt(start - 1) === '.'
  const endsLabel = end === name.length || name.charAt(end) === '.'
  return (rule.openStart || startsLabel) && (rule.openEnd || endsLabel)
}

function matchOf({ word, openStart, openEnd }: WordRule, name: string, start: number, end: number): Match {
  const rule = `${openStart ? '*' : ''}${word}${openEnd ? '*' : ''}`
  const text = openStart || openEnd ? `holds the word ${word}` : `the label ${word}`
  return { rule, kind: 'word', score: WORD_SCORE, reasons: [{ text, points: WORD_SCORE, at: [start, end] }], name }
}
