import type { MissingCertificates } from './missing-certificates.js'
import type { SeriesRow } from './time-series.js'
import type { CountRow } from './top-counts.js'

/** The most frequent of something. Plain data. */
export interface CountTable {
  /** Of all that was counted, in rows or not. */
  readonly total: number
  /** Most frequent first. Exact where `error` is 0. */
  readonly rows: readonly CountRow[]
  /** What has no counter occurred so often at most; 0: everything has one. */
  readonly unseen: number
}

/** An estimate of how many different ones there were. Plain data. */
export interface DistinctEstimate {
  /** The estimated number. */
  readonly estimate: number
  /** Standard error, relative: 99.7 % of estimates are closer than three times it. */
  readonly error: number
}

/** What {@link CertificateStatistics.report} returns; plain data. Names are as in the certificates: escape them where they are shown. */
export interface StatisticsReport {
  /** When the counting began: ISO 8601, UTC. */
  readonly since: string
  /** When the report was made: ISO 8601, UTC. */
  readonly until: string
  /** Entries in all. */
  readonly entries: number
  /** Entries that are certificates. */
  readonly certificates: number
  /** Entries that are precertificates. */
  readonly precertificates: number
  /** Entries that are neither. */
  readonly unparsable: number
  /** Entries over time, by when they were added. */
  readonly series: { readonly spanMs: number; readonly rows: readonly SeriesRow[] }
  /** How many different ones there were, estimated. */
  readonly distinct: {
    /** A precertificate and its certificate are one: by serial number, issuer, validity, subject and key. */
    readonly issuances: DistinctEstimate
    readonly names: DistinctEstimate
    readonly registrableDomains: DistinctEstimate
    readonly keys: DistinctEstimate
  }
  /** Entries by each; of `registrableDomains` and `topLevelDomains` every one of an entry counts, once. */
  readonly counts: {
    /** Common name and organization of the issuer. */
    readonly issuers: CountTable
    /** Organization of the issuer, which says who runs the CA as far as the CA says so. */
    readonly caOwners: CountTable
    readonly logs: CountTable
    /** Such as `RSA 2048`. */
    readonly keys: CountTable
    /** Spans of days. */
    readonly validity: CountTable
    /** `DV`, `OV`, `IV`, `EV`, or `none`. */
    readonly validation: CountTable
    readonly topLevelDomains: CountTable
    readonly registrableDomains: CountTable
    /** Rules that entries break, where they were inspected. */
    readonly rules: CountTable
  }
  /** Registrable domains that were not seen before. */
  readonly newDomains: {
    /** Registrable domains that were not seen before, since it is known which are; `null` while it is not. */
    readonly count: number | null
    /** From when on that is known. */
    readonly knownFrom: string
    /** Share of the new ones that is overlooked, at most. */
    readonly error: number
  }
  /** Entries whose key was seen before with another registrable domain: at least so many. */
  readonly keyReuse: number
  /** Precertificates whose certificate was not seen within a day. Not every CA gives its certificates to logs. */
  readonly withoutCertificate: MissingCertificates
}
