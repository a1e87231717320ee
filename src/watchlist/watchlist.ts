import { booleanOption, objectOption, optionError } from '../util/options.js'
import { checkedBrands, parseDomain } from './brand.js'
import { CidrSet } from './cidr-set.js'
import type { Concern } from './concern.js'
import { type ConcerningCertificate, concernsOf } from './concerns.js'
import { explained } from './explain.js'
import type { ListEntry } from './list-line.js'
import { Lookalikes } from './lookalikes.js'
import { type Match, OwnScore } from './match.js'
import type { WatchlistOptions } from './options.js'
import { OwnNames } from './own-names.js'
import { parseOwnRule } from './own-rule.js'
import { PatternRules, parsePatternRule } from './pattern-rules.js'
import { entryOf, type Place } from './place.js'
import { Policy, parseIssuerRule, parseKnownRule } from './policy.js'
import { isPlainName, type Reading, readName } from './read-name.js'
import { Requirements } from './requirements.js'
import { Unmatched } from './unmatched.js'
import { warningsOf } from './warnings.js'
import { parseWordRule, WordRules } from './word-rules.js'

/** Most entries of a list. */
const MAX_ENTRIES = 1_000_000
const MAX_PATTERNS = 10_000
const NONE: Match[] = []

/**
 * Rules for names, and which of them a name meets: own names, look-alikes of brands, words, patterns.
 *
 * Pure: it reads nothing, no name changes what another one meets, and it takes time linear in a name whatever the name. It is never changed: to
 * load other lists, make another.
 *
 * @example
 * const watchlist = Watchlist.of({ own: ['example.com'], brands: [{ name: 'Example', tokens: ['example'], domains: ['example.com'] }] })
 * for (const match of watchlist.match('examp1e-login.top')) console.log(match.score, match.brand ?? match.rule)
 */
export class Watchlist {
  private readonly ownNames: OwnNames
  private readonly ranges: CidrSet
  private readonly words: WordRules
  private readonly patterns: PatternRules
  private readonly lookalikes: Lookalikes | undefined
  private readonly policy: Policy
  private readonly requirements: Requirements
  private readonly mentions: boolean
  private readonly unmatched = new Unmatched()
  /** What in the lists may not do what was meant: words too common to watch, domains that strangers have names below; a line each. */
  readonly warnings: readonly string[]

  private constructor(options: WatchlistOptions) {
    const own = parsed('own', options.own, MAX_ENTRIES, parseOwnRule)
    this.ownNames = new OwnNames(own)
    this.ranges = new CidrSet(own)
    this.words = new WordRules(parsed('words', options.words, MAX_ENTRIES, parseWordRule))
    this.patterns = new PatternRules(parsed('patterns', options.patterns, MAX_PATTERNS, parsePatternRule))
    const brands = checkedBrands(options.brands)
    const allow = parsed('allow', options.allow, MAX_ENTRIES, parseDomain)
    this.lookalikes = brands.length === 0 ? undefined : new Lookalikes(brands, allow)
    this.policy = new Policy(
      parsed('issuers', options.issuers, MAX_ENTRIES, parseIssuerRule),
      parsed('known', options.known, MAX_ENTRIES, parseKnownRule),
      parsed('wildcardIssuers', options.wildcardIssuers, MAX_ENTRIES, parseIssuerRule),
    )
    this.requirements = new Requirements(options)
    this.mentions = booleanOption('mentions', options.mentions, false)
    this.warnings = warningsOf(own, brands, this.lookalikes?.tokens ?? [], allow)
  }

  /**
   * Checks and compiles the lists; nothing of them is kept by reference.
   *
   * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the entry, such as `own[3]`, or `CT_WATCHLIST_INVALID` naming file and line.
   */
  static of(options: WatchlistOptions): Watchlist {
    return new Watchlist(
      objectOption<WatchlistOptions>('options', options, [
        'own',
        'brands',
        'words',
        'patterns',
        'allow',
        'issuers',
        'wildcardIssuers',
        'validation',
        'keys',
        'maxDays',
        'known',
        'mentions',
      ]),
    )
  }

  /**
   * All rules that a name meets, best first. Never throws for what is in a name.
   *
   * @param name - A name of a certificate, as `dnsNames` has it or as somebody wrote it: any case, U-labels, a URL, an IP address.
   */
  match(name: string): Match[] {
    if (isPlainName(name)) return ordered(this.matchName(name))
    const reading = readName(name)
    const matches = reading.names.flatMap((meant) => this.matchName(meant, reading))
    for (const address of reading.addresses) matches.push(...this.matchAddress(address))
    return ordered(withoutRepeats(matches))
  }

  /**
   * What a certificate is reported for, most severe first: one concern for all own names, one for each brand and registrable domain, word
   * and pattern. The same for a precertificate and its certificate, but that only the former tells the issuer's key.
   *
   * What was reported is not remembered: what is new is what `known` does not list.
   */
  concerns(cert: ConcerningCertificate): Concern[] {
    const hasOwn = this.ownNames.size + this.ranges.size > 0
    const { policy, requirements, mentions } = this
    return concernsOf(cert, { match: this.matchAgain, policy, requirements, hasOwn, mentions })
  }

  /**
   * Which rules a name meets and why: lines of printable ASCII, whatever is in the name; the first repeats it.
   */
  explain(name: string): string[] {
    return explained(name, this.match(name))
  }

  /** As {@link match}, fast for a name that came before and met nothing. */
  private readonly matchAgain = (name: string): Match[] => {
    if (this.unmatched.has(name)) return NONE
    const matches = this.match(name)
    if (matches.length === 0) this.unmatched.add(name)
    return matches
  }

  private matchName(name: string, reading?: Reading): Match[] {
    const own = this.ownNames.match(name, reading)
    const words = this.words.size === 0 ? NONE : this.words.match(name)
    const patterns = this.patterns.size === 0 ? NONE : this.patterns.match(name)
    const lookalikes = this.lookalikes?.match(name) ?? NONE
    return words.length + patterns.length + lookalikes.length === 0
      ? own
      : [...own, ...lookalikes, ...words, ...patterns]
  }

  private matchAddress(address: string): Match[] {
    const reason = { text: 'an address of yours', points: OwnScore.normal, at: [0, address.length] as const }
    return this.ranges
      .match(address)
      .map((rule) => ({ rule, kind: 'own', score: OwnScore.normal, reasons: [reason], name: address }))
  }
}

function parsed<T>(
  option: string,
  entries: readonly ListEntry[] | undefined,
  most: number,
  parse: (place: Place, text: string) => T,
): T[] {
  if (entries === undefined) return []
  if (!Array.isArray(entries) || entries.length > most)
    throw optionError(option, `an array of at most ${most}`, entries)
  return entries.map((entry, i) => {
    const { text, place } = entryOf(`${option}[${i}]`, entry)
    return parse(place, text)
  })
}

function ordered(matches: Match[]): Match[] {
  return matches.length < 2 ? matches : matches.sort((a, b) => b.score - a.score)
}

/** A name may be read in several ways that meet one rule: the best counts. */
function withoutRepeats(matches: readonly Match[]): Match[] {
  const best = new Map<string, Match>()
  for (const match of matches) {
    const key = `${match.kind} ${match.brand ?? ''} ${match.rule}`
    const there = best.get(key)
    if (there === undefined || there.score < match.score) best.set(key, match)
  }
  return [...best.values()]
}
