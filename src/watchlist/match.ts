/** What kind of rule a name met. */
export type MatchKind = 'own' | 'lookalike' | 'word' | 'pattern'

/** One piece of evidence. */
export interface MatchReason {
  /** For people: one short sentence, harmless on a terminal. */
  readonly text: string
  /** What it adds to the score; negative where it speaks against. */
  readonly points: number
  /**
   * Where in {@link Match.name}: offset of the first character, and of the one behind the last. `undefined` when it is about the
   * name as a whole.
   */
  readonly at: readonly [start: number, end: number] | undefined
}

/** One rule that a name meets. */
export interface Match {
  /** The rule as the list normalizes it: `=mail.example.com`, `ip:192.0.2.0/24`, a word, a pattern; the token of a brand. */
  readonly rule: string
  /** By what kind of rule it matches. */
  readonly kind: MatchKind
  /** Name of the brand that the name resembles; of look-alikes only. */
  readonly brand?: string
  /**
   * 0 to 100. Of a look-alike: how likely it is to be one, by points that add up; beside 122
   * well-known brands 50, 60 and 75 mean some 1,600, 350 and 30 alerts in a million honest names. Of an own name: 100 for what should alarm (a
   * wildcard of a whole public suffix, a NUL in the name), 90 for a name that is yours, 50 for one that may be. Of words and patterns: 60.
   */
  readonly score: number
  /** The evidence, strongest first; points of a look-alike add up to its score, up to the ends of the scale. */
  readonly reasons: readonly MatchReason[]
  /** The name that was meant: lower case, A-labels, as `dnsNames` has it; or an IP address. */
  readonly name: string
}

/** Scores of own names. */
export const OwnScore = { high: 100, normal: 90, possible: 50 } as const

/** Score of a word or pattern: it says what somebody asked for, and nothing of the likelihood. */
export const WORD_SCORE = 60
