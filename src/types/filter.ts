import type { CtCertificate } from './certificate.js'
import type { CertificateKind } from './certificate-kind.js'

/**
 * Which entries a stream delivers. Every member narrows; an entry is delivered when all of them let it pass.
 *
 * What cannot be read cannot be judged, and whoever watches a domain must not miss it: an unparsable entry passes `domains`,
 * `issuers` and `notAfter` (only `kinds` and `match` can drop it), and so does a certificate whose names, issuer or date cannot
 * be read, the member that would need them.
 *
 * What is dropped counts as read: the position moves past it, and another filter does not bring it back.
 */
export interface Filter {
  /**
   * Certificates with one of these names in `dnsNames`; at least one pattern:
   *
   * | pattern | matches |
   * |---|---|
   * | `'example.com'` | `example.com` and everything below |
   * | `'=example.com'` | `example.com` only |
   * | `'*.example.com'` | everything below `example.com`, not itself |
   * | a `RegExp` | any name it finds itself in (names are lower case, without trailing dot, in A-labels); by its own `test`, if it is of a subclass that has one |
   *
   * Patterns may be in upper case, have a trailing dot, and hold U-labels (`'bücher.example'`). A wildcard in a certificate stands
   * for the names it covers: `*.example.com` is taken for any one label before `example.com`, so it matches `'=www.example.com'` and
   * `'www.example.com'`, but neither `'*.www.example.com'` nor `'=example.com'` (RFC 9525 section 6.3). A first label that only holds
   * a `*` (`w*.example.com`) is taken for any label too. 10,000 patterns cost hardly more than one. A `RegExp` takes the time it takes,
   * and names come from strangers: one that backtracks, as `/^(a+)+$/` does, can stop the process.
   */
  readonly domains?: readonly (string | RegExp)[]
  /**
   * Certificates of one of these issuers; at least one. A string: the issuer's `commonName` or `organization` contains it, in upper
   * or lower case. A `RegExp`: finds itself in `issuer.toString()` (RFC 4514).
   */
  readonly issuers?: readonly (string | RegExp)[]
  /** Entries of these kinds; at least one. Default all three. */
  readonly kinds?: readonly CertificateKind[]
  /** Certificates that expire at `from` or later, and earlier than `before`. */
  readonly notAfter?: {
    /** Inclusive; default: no bound. Copied. */
    readonly from?: Date
    /** Exclusive, later than `from`; default: no bound. Copied. */
    readonly before?: Date
  }
  /**
   * Entries for which it returns `true`; asked last, and once for each entry that passes all else. What it throws ends the stream,
   * before the position moves past the entry.
   */
  readonly match?: (certificate: CtCertificate) => boolean
}

/**
 * What makes two entries the same.
 *
 * - `certificate`: the same bytes, whichever log they are in. Of a certificate, its DER; of a precertificate, its TBSCertificate and
 *   issuer key, which the tree covers, and the precertificate that the log sends beside them.
 * - `issuance`: the same, and a certificate is dropped when its precertificate (equal `issuanceId`) was delivered before. The other way
 *   round nothing is dropped: a precertificate that comes after its certificate is delivered too.
 *
 * Signatures of CAs are not checked, and a log may publish a certificate that somebody signed anew. Such an entry never keeps one with
 * the CA's signature from you, with one exception: with `issuance`, a precertificate that a log made up of a certificate drops that
 * certificate where no log you read has the true precertificate. You have seen its names, key, dates and issuer by then, but not
 * the CA's signature; where that matters, use `certificate`.
 */
export type DedupeBy = 'certificate' | 'issuance'

/** The option `dedupe` of a stream; `false`, the default: every entry of every log is delivered. */
export type DedupeOption =
  | false
  | DedupeBy
  | {
      /** What makes two entries the same. */
      readonly by: DedupeBy
      /** How long an entry is remembered after it was delivered. Milliseconds, 1000 to 31,536,000,000. Default 24 hours. */
      readonly ttlMs?: number
      /**
       * Entries remembered at most; the oldest are forgotten first. 1 to 50,000,000, default 1,000,000: about 48 MB of memory when
       * all are in use, and in proportion before that. A precertificate counts twice with `issuance`.
       */
      readonly maxEntries?: number
    }
