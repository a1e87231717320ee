import { domainToUnicode } from 'node:url'
import { RE2JS } from 're2js'
import { Automaton } from './automaton.js'
import { type Match, WORD_SCORE } from './match.js'
import type { Place } from './place.js'
import { requiredLiterals } from './required-literals.js'

/** A regular expression in RE2's syntax, matched in time linear in the name: nobody can choose a name that makes it slow. */
export interface PatternRule {
  readonly source: string
  readonly compiled: RE2JS
}

/** Longest expression: compiled, it can be a thousand times as long (`(a{10}){10}`); RE2 has a bound of its own for that. */
const MAX_SOURCE = 1024

/** @throws {@link CtStreamError} `CT_OPTION_INVALID`, or `CT_WATCHLIST_INVALID` with file and line. */
export function parsePatternRule(place: Place, source: string): PatternRule {
  const bound = "a regular expression in RE2's syntax (no lookaround, no back-references)"
  if (source.length > MAX_SOURCE) throw place.refuse(`${bound} of at most ${MAX_SOURCE} characters`, source)
  try {
    const compiled = RE2JS.compile(source, RE2JS.CASE_INSENSITIVE)
    if (compiled.test('')) throw place.refuse(`${bound} that does not match everything`, source)
    return { source, compiled }
  } catch (error) {
    const reason =
      error instanceof Error && error.constructor.name.startsWith('RE2JS') ? ` (${error.message})` : undefined
    if (reason === undefined) throw error
    throw place.refuse(bound + reason, source)
  }
}

/**
 * Expressions, tried on the name and, where it has A-labels, on its Unicode form. Most need some literal: one pass over the name finds which
 * of them it has, and only those expressions are tried, together with the few that need none.
 */
export class PatternRules {
  private readonly rules: readonly PatternRule[]
  /** Places of rules without a literal, in order. */
  private readonly always: readonly number[]
  private readonly literals: Automaton | undefined
  /** Places of the rules that need a literal, by its number. */
  private readonly needing: readonly (readonly number[])[]

  constructor(rules: readonly PatternRule[]) {
    this.rules = rules
    const always: number[] = []
    const byLiteral = new Map<string, number[]>()
    for (const [place, { source }] of rules.entries()) {
      const literals = requiredLiterals(source)
      if (literals === undefined) always.push(place)
      for (const literal of literals ?? []) {
        const there = byLiteral.get(literal)
        if (there === undefined) byLiteral.set(literal, [place])
        else there.push(place)
      }
    }
    this.always = always
    this.needing = [...byLiteral.values()]
    this.literals = byLiteral.size === 0 ? undefined : new Automaton([...byLiteral.keys()])
  }

  get size(): number {
    return this.rules.length
  }

  match(name: string): Match[] {
    if (this.rules.length === 0) return []
    const unicode = name.includes('xn--') ? domainToUnicode(name) : ''
    const found: Match[] = []
    for (const place of this.candidates(name, unicode)) {
      const rule = this.rules[place] as PatternRule
      if (rule.compiled.test(name) || (unicode !== '' && rule.compiled.test(unicode))) found.push(matchOf(rule, name))
    }
    return found
  }

  /** Places of the rules that may match, in order. */
  private candidates(name: string, unicode: string): readonly number[] {
    if (this.literals === undefined) return this.always
    let places: Set<number> | undefined
    for (const literal of [...literalsIn(this.literals, name), ...literalsIn(this.literals, unicode)]) {
      places ??= new Set(this.always)
      for (const place of this.needing[literal] as readonly number[]) places.add(place)
    }
    return places === undefined ? this.always : [...places].sort((a, b) => a - b)
  }
}

/** Numbers of the literals in a text, as expressions that ignore case read it. */
function literalsIn(automaton: Automaton, text: string): number[] {
  const found: number[] = []
  const folded = foldCase(text)
  let state = automaton.start
  for (let i = 0; i < folded.length; i++) {
    state = automaton.step(state, folded.charCodeAt(i))
    for (let end = automaton.firstEnd(state); end > 0; end = automaton.shorterEnd(end))
      found.push(automaton.keywordAt(end))
  }
  return found
}

/** The long s and the sign of kelvin are the only other characters that are equal to ASCII letters when case is ignored. */
function foldCase(text: string): string {
  return text.toLowerCase().replaceAll('\u017f', 's')
}

function matchOf({ source }: PatternRule, name: string): Match {
  const reason = { text: 'meets the expression', points: WORD_SCORE, at: undefined }
  return { rule: source, kind: 'pattern', score: WORD_SCORE, reasons: [reason], name }
}
