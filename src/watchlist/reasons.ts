import type { Evidence } from './evidence.js'
import type { Match, MatchReason } from './match.js'
import { BASE, POINTS, type Sign } from './points.js'

/** What a sign says, of the brand's token and the text that stands in the name. */
const TEXTS: Readonly<Record<Sign, (token: string, text: string) => string>> = {
  exact: (token) => `names ${token}`,
  split: (token, text) => `${text} is ${token} with something between its letters`,
  confusable: (token, text) => `${text} reads as ${token}`,
  substitution: (token, text) => `${text} is ${token} with another letter`,
  transposition: (token, text) => `${text} is ${token} with two letters swapped`,
  repetition: (token, text) => `${text} is ${token} with a letter repeated`,
  insertion: (token, text) => `${text} is ${token} with a letter more`,
  omission: (token, text) => `${text} is ${token} with a letter less`,
  two: (token, text) => `${text} differs from ${token} in two letters`,
  'short-typo': (token) => `${token} is short for a typo`,
  'label-domain': () => 'as the whole name of the domain',
  'part-domain': () => 'as a word of the name of the domain',
  'glued-domain': () => 'inside the name of the domain',
  'label-sub': () => 'as a whole label before a domain of somebody else',
  'part-sub': () => 'as a word of a label before a domain of somebody else',
  'glued-sub': () => 'inside a label before a domain of somebody else',
  'glued-typo': () => 'a typo among other letters',
  'rest-before': (_, text) => `other letters before it: ${text}`,
  'rest-after': (_, text) => `other letters behind it: ${text}`,
  'rest-short': (_, text) => `a few letters behind it: ${text}`,
  'rest-digits': (_, text) => `digits behind it: ${text}`,
  strong: (_, text) => `the lure ${text}`,
  weak: (_, text) => `the word ${text}`,
  registry: (_, text) => `${text} behind it, as if it were the end of the name`,
  official: (token) => `an official domain of ${token} spelled out inside the name`,
  again: (token) => `${token} more than once`,
  word: (token) => `${token} is a common word`,
  'word-bare': (token) => `${token} is a common word, and nothing else speaks of the brand`,
  short: (token) => `${token} is short`,
  'short-bare': (token) => `${token} is short, and nothing else speaks of the brand`,
  'other-suffix': () => 'the name of the brand below another suffix is mostly its own',
  private: () => 'below a suffix where anybody gets a name for free',
  preferred: () => 'a suffix that phishing prefers',
  raised: () => 'a suffix with more phishing than others',
  settled: () => 'a suffix with little phishing',
  unicode: (token) => `letters of another script that look like ${token}`,
}

export function matchOf(brand: string, name: string, { sighting, sum, signs }: Evidence): Match {
  const { token } = sighting
  const reasons = signs.map(({ sign, at }, i): MatchReason => {
    const text = TEXTS[sign](token.shown, at === undefined ? '' : name.slice(...at))
    // The first sign is how the brand is written: what it starts with is counted there.
    return { text, points: POINTS[sign] + (i === 0 ? BASE : 0), at }
  })
  const [first, ...others] = reasons.filter(({ points }) => points !== 0) as [MatchReason, ...MatchReason[]]
  others.sort((a, b) => Math.abs(b.points) - Math.abs(a.points))
  const score = Math.max(0, Math.min(100, sum))
  return { rule: token.shown, kind: 'lookalike', brand, score, reasons: [first, ...others], name }
}
