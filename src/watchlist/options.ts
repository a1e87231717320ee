import type { ValidationLevel } from '../types/certificate-fields.js'
import type { ListEntry, ListLine } from './list-line.js'

/** A brand whose look-alikes are searched for. */
export interface Brand {
  /** As it is shown in matches; unique. */
  readonly name: string
  /** How it is written in names: letters, digits and hyphens, 2 to 63 characters, such as `paypal`; 1 to 100 of them. */
  readonly tokens: readonly string[]
  /** Official domains; they and all below are no look-alikes. May be empty. */
  readonly domains: readonly string[]
  /** More domains that are no look-alikes of this brand: partners, fans. Default: none. */
  readonly allow?: readonly string[]
}

/** What {@link Watchlist.of} takes; each list may be left out. A list holds strings, or the lines that `readList` made of a file. */
export interface WatchlistOptions {
  /** Names of yours: `=mail.example.com` (only it), `example.com` (it and all below), `*.example.com` (all below), `ip:192.0.2.0/24`. */
  readonly own?: readonly ListEntry[]
  /** Brands, or the lines that `readBrands` made of a file; at most 20,000. */
  readonly brands?: readonly (Brand | ListLine)[]
  /** `word` (a whole label), `word*`, `*word`, `*word*` (a part of one). */
  readonly words?: readonly ListEntry[]
  /** Regular expressions in RE2's syntax, letters in either case, on the whole name: anchor with `^` and `$`. At most 10,000. */
  readonly patterns?: readonly ListEntry[]
  /** Domains that are no look-alike of any brand, with all below; rules of `own`, `words` and `patterns` do not heed them. */
  readonly allow?: readonly ListEntry[]
  /**
   * Issuers of certificates of own names: `key:` and the SHA-256 of the issuer's SubjectPublicKeyInfo (64 hex digits), `id:` and its key
   * identifier, `owner:` and a CA owner by its name or its domain in CAA records (`owner:letsencrypt.org`), or its organization to the letter.
   * Default: any.
   */
  readonly issuers?: readonly ListEntry[]
  /** Issuers of own names that begin with `*.`, in the same forms, as `issuewild` of CAA records. Default: `issuers`. */
  readonly wildcardIssuers?: readonly ListEntry[]
  /** Validation levels that certificates of own names may have: `DV`, `OV`, `IV`, `EV`, by their policies. 1 to 100. Default: any. */
  readonly validation?: readonly ValidationLevel[]
  /** Keys that they may have: an algorithm, alone or with a curve or the least bits (`EC P-256`, `RSA 3072`). 1 to 100. Default: any. */
  readonly keys?: readonly string[]
  /** Most days for which they may be valid, both ends included, a part of a day as a whole one; 1 to 36,500. Default: no bound. */
  readonly maxDays?: number
  /**
   * Certificates of yours: `issuance:` and an `issuanceId` (authorized beforehand), `key:` and the SHA-256 of a SubjectPublicKeyInfo,
   * `name:` and a name that has certificates, such as `name:*.example.com`. Default: none, so that each is new.
   */
  readonly known?: readonly ListEntry[]
  /** Whether own domains in e-mail addresses and URIs are concerns. Default `false`. */
  readonly mentions?: boolean
}
