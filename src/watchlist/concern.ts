import type { Match } from './match.js'

/**
 * What a concern is about. Of own names, highest first:
 *
 * | class | when | severity |
 * |---|---|---|
 * | `unexpected-issuer` | the issuer is none of `issuers`, or of `wildcardIssuers` | high |
 * | `against-policy` | not of `validation`, `keys` or `maxDays` | high |
 * | `suffix-wildcard` | a wildcard that covers a whole public suffix, or a NUL in the name | high |
 * | `new-wildcard` | a wildcard that is not in `known` | medium |
 * | `new-name` | a name that is not in `known` | medium |
 * | `new-key` | names that are, a key that is not, or a key or an issuer that the entry does not tell | low |
 * | `renewal` | names and key are known, and the issuer is expected | info |
 * | `known` | the issuance is: authorized before it was made | info |
 *
 * `lookalike`: by score, high from 75, medium from 60, low from 50, else info. `word` and `pattern`: low. `mention`: an own domain in an
 * e-mail address or URI: info. `unreadable`: an entry that cannot be parsed, or has names that cannot be read, could concern you: info.
 */
export type ConcernClass =
  | 'unexpected-issuer'
  | 'against-policy'
  | 'suffix-wildcard'
  | 'new-wildcard'
  | 'new-name'
  | 'new-key'
  | 'renewal'
  | 'known'
  | 'lookalike'
  | 'word'
  | 'pattern'
  | 'mention'
  | 'unreadable'

/** One thing that a certificate is reported for. */
export interface Concern {
  /** 32 hex digits; the same for a precertificate and its certificate, in every log and after a restart. */
  readonly id: string
  /** What kind of concern it is. */
  readonly class: ConcernClass
  /** How urgent it is, by class and score. */
  readonly severity: 'high' | 'medium' | 'low' | 'info'
  /** Of the best match. */
  readonly score: number
  /** What it is about: `own`, the brand and the registrable domain, the word, the pattern. */
  readonly subject: string
  /** All matches that led to it, best first; each with the name it is of. */
  readonly matches: readonly Match[]
  /** Beside the reasons of the matches: what the policy says. Printable ASCII. */
  readonly reasons: readonly string[]
}
