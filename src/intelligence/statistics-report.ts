import type { MissingCertificates } from './missing-certificates.js'
import type { SeriesRow } from './time-series.js'
import type { CountRow } from './top-counts.js'

/** A table of the most frequent values. Plain data. */
export interface CountTable {
  /** Number of everything counted, whether it has a row or not. */
  readonly total: number
  /** Most frequent first. Exact where `error` is 0. */
  readonly rows: readonly CountRow[]
  /** Upper bound for values without a counter; 0 when every value has one. */
  readonly unseen: number
}

/** An estimated number of different values. Plain data. */
export interface DistinctEstimate {
  /** The estimated number. */
  readonly estimate: number
  /** Standard error, relative: 99.7 % of estimates are closer than three times it. */
  readonly error: number
}

/** What {@link CertificateStatistics.report} returns; plain data. Names are as in the certificates: escape them where they are shown. */
export interface StatisticsReport {
  /** When counting began: ISO 8601, UTC. */
  readonly since: string
  /** When the report was made: ISO 8601, UTC. */
  readonly until: string
  /** Entries in all. */
  readonly entries: number
  /** Entries that are certificates. */
  readonly certificates: number
  /** Entries that are precertificates. */
  readonly precertificates: number
  /** Entries that could not be parsed. */
  readonly unparsable: number
  /** Entries over time, by when they were added. */
  readonly series: { readonly spanMs: number; readonly rows: readonly SeriesRow[] }
  /** Estimated numbers of different values. */
  readonly distinct: {
    /** A precertificate and its certificate count once; compared by serial number, issuer, validity, subject and key. */
    readonly issuances: DistinctEstimate
    readonly names: DistinctEstimate
    readonly registrableDomains: DistinctEstimate
    readonly keys: DistinctEstimate
  }
  /** Numbers of entries by value. An entry counts once for each of its `registrableDomains` and `topLevelDomains`. */
  readonly counts: {
    /** Common name and organization of the issuer. */
    readonly issuers: CountTable
    /** Organization of the issuer, which stands for the CA's operator as the CA states it. */
    readonly caOwners: CountTable
    readonly logs: CountTable
    /** Kind and size of the key, such as `RSA 2048`. */
    readonly keys: CountTable
    /** Validity, in ranges of days. */
    readonly validity: CountTable
    /** `DV`, `OV`, `IV`, `EV`, or `none`. */
    readonly validation: CountTable
    readonly topLevelDomains: CountTable
    readonly registrableDomains: CountTable
    /** Ids of the rules that inspected entries break. */
    readonly rules: CountTable
  }
  /** Registrable domains that were not seen before. */
  readonly newDomains: {
    /** Number of new registrable domains since the warm-up ended; `null` before that. */
    readonly count: number | null
    /** When the warm-up ends. */
    readonly knownFrom: string
    /** Largest share of new domains that are overlooked. */
    readonly error: number
  }
  /** Entries whose key was seen before with another registrable domain; a lower bound. */
  readonly keyReuse: number
  /**
   * Precertificates whose certificate was not seen within a day (`certificateDelayMs`). Not every CA gives its certificates to logs. Not counted
   * with `withoutCertificate: false`, and while no certificate was seen at all.
   */
  readonly withoutCertificate: MissingCertificates
}
