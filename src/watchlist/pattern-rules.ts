import { domainToUnicode } from 'node:url'
import { RE2JS } from 're2js'
import { type Match, WORD_SCORE } from './match.js'
import type { Place } from './place.js'

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

/** Expressions are tried one by one, on the name and, where it has A-labels, on its Unicode form. */
export class PatternRules {
  private readonly rules: readonly PatternRule[]

  constructor(rules: readonly PatternRule[]) {
    this.rules = rules
  }

  get size(): number {
    return this.rules.length
  }

  match(name: string): Match[] {
    if (this.rules.length === 0) return []
    const unicode = name.includes('xn--') ? domainToUnicode(name) : ''
    return this.rules
      .filter(({ compiled }) => compiled.test(name) || (unicode !== '' && compiled.test(unicode)))
      .map((rule) => matchOf(rule, name))
  }
}

function matchOf({ source }: PatternRule, name: string): Match {
  const reason = { text: 'meets the expression', points: WORD_SCORE, at: undefined }
  return { rule: source, kind: 'pattern', score: WORD_SCORE, reasons: [reason], name }
}
