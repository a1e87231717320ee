import type { How } from './sightings.js'

/** A piece of evidence for or against a look-alike. */
export type Sign =
  | How
  | `${'label' | 'part' | 'glued'}-${'domain' | 'sub'}`
  | 'glued-typo'
  | 'short-typo'
  | 'rest-before'
  | 'rest-after'
  | 'rest-short'
  | 'rest-digits'
  | 'strong'
  | 'weak'
  | 'registry'
  | 'official'
  | 'again'
  | 'word'
  | 'word-bare'
  | 'short'
  | 'short-bare'
  | 'other-suffix'
  | 'private'
  | 'preferred'
  | 'raised'
  | 'settled'
  | 'unicode'

/**
 * Where a name that resembles a brand at all starts. With it 50, 60 and 75 stand for some 1,600, 350 and 30 alerts in a million honest
 * names beside 122 well-known brands, and for 80, 65 and 41 of a hundred phishing names that resemble one of them.
 */
export const BASE = 36

/**
 * What each sign adds: 20 log10 of how much likelier it makes phishing, all others being equal. Fitted by logistic regression over
 * 32,005 phishing names that resemble one of 122 brands and 34,004 honest names (2019 to 2023), checked on the half that was not fitted,
 * rounded. Behind each: how many times as frequent it is among the phishing names as among the honest ones, by itself.
 *
 * What is measured and does not count: the entropy of a name, its CA, the level of validation. Signs that rest on few honest names
 * (`again`, `rest-short`) and suffixes, which change with their prices, count less than was measured.
 */
export const POINTS: Readonly<Record<Sign, number>> = {
  // How the brand is written.
  exact: 4, // 56
  split: 16, // 930
  confusable: 7, // 144
  substitution: 3, // 28
  transposition: 4, // 55
  repetition: 11, // 196
  insertion: 10, // 74
  omission: 2, // 4
  two: -10, // 24, beside other signs
  'short-typo': -12, // a word of five letters with a typo: 32, beside other signs
  // Where: as a whole label, between hyphens, inside a word; in the registrable domain or in front of it.
  'label-domain': 6, // 9
  'part-domain': 10, // 79
  'glued-domain': -9, // 9
  'label-sub': 12, // 198
  'part-sub': 4, // 98
  'glued-sub': -4, // 22
  'glued-typo': -13, // 5
  // What it is glued to; a lure there is a lure.
  'rest-before': -7, // 4
  'rest-after': 6, // 13
  'rest-short': 16, // 120
  'rest-digits': 12, // 43
  // What stands around it.
  strong: 14, // 336
  weak: 12, // 302
  registry: 11, // 1,960
  official: 10, // 4,070
  again: 16, // 1,250
  // A brand that is a word, or of three letters at most: with a lure, and without.
  word: -12, // 65
  'word-bare': -14, // 6
  short: 0, // 380
  'short-bare': -10, // 45, all of it beside suffixes that phishing prefers
  // Its own name below another suffix.
  'other-suffix': -24, // 2: mostly the brand itself, in another country
  private: 6, // 33
  preferred: 20, // 1,565
  raised: 12, // 559
  settled: -10, // 3
  // Letters of another script: too few to measure; nobody means well by them.
  unicode: 60,
}
