import { isTold, outlineOf } from '../decode/decode-entry.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import type { LogInfo } from '../types/log.js'
import { elapsedOf, systemClock } from '../util/clock.js'
import { cutText } from '../util/harmless.js'
import { booleanOption, integerOption, objectOption } from '../util/options.js'
import type { Outline } from '../x509/outline.js'
import { DistinctCount } from './distinct-count.js'
import { keyText, MAX_NAMES, validityDays } from './facts.js'
import type { IssuanceProfile } from './issuance-profiles.js'
import { issuerTexts } from './issuer-texts.js'
import { KeyReuse } from './key-reuse.js'
import { NOT_COUNTED, PrecertificateWatch } from './missing-certificates.js'
import { MAX_KEY, NameCounts } from './name-counts.js'
import type { KnownName } from './name-memory.js'
import { NewlySeen } from './newly-seen.js'
import { OrdinaryCertificate } from './ordinary-certificate.js'
import type { RuleBreach } from './rule.js'
import type { CountTable, DistinctEstimate, StatisticsReport } from './statistics-report.js'
import type { StringHash } from './string-hash.js'
import { TimeSeries } from './time-series.js'
import { type Counter, TopCounts } from './top-counts.js'

/** Options of {@link CertificateStatistics}; all optional. */
export interface StatisticsOptions {
  /** Counters in each table, 10 to 1,000,000; the table of registrable domains has ten times as many. Default 1,000. */
  readonly counters?: number
  /** Least number of registrable domains remembered to recognize new ones: 1,000 to 100,000,000, 3.4 bytes each. Default 4,000,000. */
  readonly domains?: number
  /** Keys remembered to recognize reuse: 1,000 to 100,000,000, 13 bytes each. Default 1,000,000. */
  readonly keys?: number
  /** Warm-up: how long no domain is called new at first, milliseconds, 0 to 31,536,000,000. Default a day. */
  readonly warmUpMs?: number
  /** How long a precertificate may lack its certificate, milliseconds, 1,000 to 31,536,000,000. Default a day. */
  readonly certificateDelayMs?: number
  /**
   * Whether precertificates without their certificate are counted. `false` for entries of which certificates are left out, as by `dedupe:
   * 'issuance'` and by a filter of `kinds`: each precertificate would count. Default `true`.
   */
  readonly withoutCertificate?: boolean
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}

/** The properties that are read of a certificate. */
export type CountedCertificate = Pick<
  CtCertificate,
  'kind' | 'log' | 'issuer' | 'publicKey' | 'notBefore' | 'notAfter' | 'validation' | 'dnsNames' | 'issuanceId'
>

const KEYS = [
  'counters',
  'domains',
  'keys',
  'warmUpMs',
  'certificateDelayMs',
  'withoutCertificate',
  'clock',
  'random',
] as const
const YEAR = 365 * 86_400_000
const DAY = 86_400_000
const SAMPLED_PRECERTIFICATES = 50_000
const SPANS: readonly { readonly most: number; readonly name: string }[] = [
  { most: 7, name: 'up to 7 days' },
  { most: 47, name: '8 to 47 days' },
  { most: 100, name: '48 to 100 days' },
  { most: 200, name: '101 to 200 days' },
  { most: 398, name: '201 to 398 days' },
]

/**
 * Counts certificates in fixed memory: 49 MB with the defaults. Every inexact number comes with its possible error.
 *
 * Entries are counted as they come, precertificates and certificates alike: where an issuance counts once, read the stream with
 * `dedupe: 'issuance'`, and give `withoutCertificate: false`, as certificates are then left out.
 */
export class CertificateStatistics {
  private readonly clock: Clock
  private readonly elapsed: () => number
  private readonly begun: number
  private readonly began: number
  private readonly warmUpMs: number
  private readonly hash: StringHash
  private readonly kinds = { certificate: 0, precertificate: 0, unparsable: 0 }
  private readonly distinct = {
    issuances: new DistinctCount(),
    keys: new DistinctCount(),
  }
  private readonly counts: Readonly<Record<keyof StatisticsReport['counts'], TopCounts>>
  private readonly ordinary: OrdinaryCertificate
  private readonly series = new TimeSeries()
  private readonly names: NameCounts
  private readonly keys: KeyReuse
  private readonly watch: PrecertificateWatch | undefined
  private reused = 0
  /** Of the log that an entry came from last. */
  private logCounter: Counter | undefined

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
  constructor(options: StatisticsOptions = {}) {
    const given = objectOption<StatisticsOptions>('options', options, KEYS)
    const counters = integerOption('counters', given.counters, 10, 1_000_000, 1000)
    this.clock = given.clock ?? systemClock
    this.elapsed = elapsedOf(this.clock)
    this.begun = this.elapsed()
    this.began = this.clock.now()
    this.warmUpMs = integerOption('warmUpMs', given.warmUpMs, 0, YEAR, DAY)
    this.ordinary = new OrdinaryCertificate(given.random ?? Math.random)
    this.hash = this.ordinary.hash
    const table = () => new TopCounts(counters)
    this.counts = {
      ...{ issuers: table(), caOwners: table(), logs: table(), keys: table(), validity: table(), validation: table() },
      ...{ topLevelDomains: table(), registrableDomains: new TopCounts(counters * 10), rules: table() },
    }
    const seen = new NewlySeen(integerOption('domains', given.domains, 1000, 100_000_000, 4_000_000))
    this.names = new NameCounts(this.counts.registrableDomains, this.counts.topLevelDomains, seen)
    this.keys = new KeyReuse(integerOption('keys', given.keys, 1000, 100_000_000, 1_000_000))
    const delay = integerOption('certificateDelayMs', given.certificateDelayMs, 1000, YEAR, DAY)
    const isWatching = booleanOption('withoutCertificate', given.withoutCertificate, true)
    this.watch = isWatching ? new PrecertificateWatch(SAMPLED_PRECERTIFICATES, delay) : undefined
  }

  /**
   * Counts one entry. Does not retain it.
   *
   * @param breaches - Rules it breaks, from `inspectCertificate`, if it was inspected.
   */
  add(cert: CountedCertificate, breaches: readonly RuleBreach[] = []): void {
    const { kind, log } = cert
    const at = this.elapsed() - this.begun
    this.kinds[kind] += 1
    this.countLog(log)
    if (kind === 'unparsable') return
    this.series.add(at, kind)
    this.addClaims(cert)
    for (const { rule } of breaches) countIn(this.counts.rules, rule)
    const domains = this.names.add(this.namesOf(cert), at >= this.warmUpMs)
    const outline = outlineOf(cert)
    const hasKey = this.hashKey(cert, outline)
    const { high, low } = this.hash
    if (hasKey) {
      this.distinct.keys.add(high, low)
      if (domains.length > 0 && this.keys.add(high, low, domains)) this.reused += 1
    }
    if (this.hashIssuance(cert, outline)) {
      if (outline !== undefined) this.hash.with(high, low)
      this.distinct.issuances.add(this.hash.high, this.hash.low)
      this.watch?.add(this.hash.high, this.hash.low, kind, at)
    }
  }

  /**
   * Reports what was counted so far; counting continues.
   *
   * @param most - Most rows of each table, 1 to 1,000,000. Default 20.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID`
   */
  report(most = 20): StatisticsReport {
    integerOption('most', most, 1, 1_000_000, 20)
    const at = this.elapsed() - this.begun
    const { certificate, precertificate, unparsable } = this.kinds
    const tables = Object.entries(this.counts).map(([name, counts]) => [name, tableOf(counts, most)])
    return {
      since: iso(this.began),
      until: iso(this.began + at),
      entries: certificate + precertificate + unparsable,
      certificates: certificate,
      precertificates: precertificate,
      unparsable,
      series: { spanMs: this.series.spanMs, rows: this.series.report() },
      distinct: {
        issuances: estimateOf(this.distinct.issuances),
        names: estimateOf(this.names.names),
        registrableDomains: estimateOf(this.names.domains),
        keys: estimateOf(this.distinct.keys),
      },
      counts: Object.fromEntries(tables) as StatisticsReport['counts'],
      newDomains: {
        count: at < this.warmUpMs ? null : this.names.newDomains,
        knownFrom: iso(this.began + this.warmUpMs),
        error: NewlySeen.error,
      },
      keyReuse: this.reused,
      // Of a source that leaves certificates out, each precertificate would count.
      withoutCertificate: certificate === 0 ? NOT_COUNTED : (this.watch?.report(at) ?? NOT_COUNTED),
    }
  }

  private countLog({ description, id }: LogInfo): void {
    this.logCounter = countIn(this.counts.logs, description === '' ? id : description, this.logCounter)
  }

  private addProfile(profile: IssuanceProfile): void {
    const { counts } = this
    profile.ownerCounter = counts.caOwners.add(cutText(profile.owner, MAX_KEY), profile.ownerCounter)
    profile.issuerCounter = counts.issuers.add(cutText(profile.issuer, MAX_KEY), profile.issuerCounter)
    profile.validationCounter = counts.validation.add(profile.validation, profile.validationCounter)
  }

  /** Counts what a certificate states about its issuer and itself. */
  private addClaims(cert: CountedCertificate): void {
    const { ordinary } = this
    if (ordinary.read(cert)) {
      this.addProfile(ordinary.profile)
      countIn(this.counts.validity, spanOf(Math.ceil((ordinary.end - ordinary.begin + 1000) / DAY)))
      countIn(this.counts.keys, ordinary.key)
      return
    }
    const { issuer, validation, publicKey } = cert
    const days = validityDays(cert)
    // What a server left out is neither missing nor unreadable.
    const isPartial = isTold(cert)
    if (!isPartial || issuer.attributes.length > 0) this.addIssuer(cert)
    if (!isPartial || validation !== undefined) countIn(this.counts.validation, validation ?? 'none')
    if (!isPartial || days !== undefined) countIn(this.counts.validity, spanOf(days))
    if (!isPartial || publicKey !== undefined)
      countIn(this.counts.keys, publicKey === undefined ? 'unreadable' : keyText(publicKey))
  }

  private addIssuer(cert: CountedCertificate): void {
    const { owner, issuer } = issuerTexts(cert)
    countIn(this.counts.caOwners, owner)
    countIn(this.counts.issuers, issuer)
  }

  /** Puts the hash of the key into `hash`. @returns Whether there is a key. */
  private hashKey(cert: CountedCertificate, outline: Outline | undefined): boolean {
    if (outline === undefined) {
      const { publicKey } = cert
      if (publicKey !== undefined) this.hash.of(publicKey.spkiSha256)
      return publicKey !== undefined
    }
    this.hash.ofBytes(outline.bytes, outline.spkiStart, outline.spkiEnd)
    return true
  }

  /**
   * Hashes the issuance without its key, whose hash the caller adds. No SHA-256 of the TBSCertificate is needed: only a precertificate and
   * its certificate share serial number, issuer, validity, subject and key.
   *
   * @returns Whether it has one.
   */
  private hashIssuance(cert: CountedCertificate, outline: Outline | undefined): boolean {
    if (outline === undefined) {
      const { issuanceId } = cert
      if (issuanceId !== undefined) this.hash.of(issuanceId)
      return issuanceId !== undefined
    }
    this.hash.ofBytes(outline.bytes, outline.serialStart, outline.spkiStart)
    return true
  }

  private namesOf(cert: CountedCertificate): readonly KnownName[] {
    const { ordinary } = this
    if (ordinary.read(cert)) return ordinary.known
    return cert.dnsNames.slice(0, MAX_NAMES).map((name) => ordinary.names.get(name))
  }
}

/** The reader of some statistics, so that rules can share it. Internal. */
export function readerOf(statistics: CertificateStatistics): OrdinaryCertificate {
  // biome-ignore lint/complexity/useLiteralKeys: the name in brackets is what lets it read a private field
  return statistics['ordinary']
}

function countIn(table: TopCounts, name: string, known?: Counter): Counter {
  return table.add(cutText(name, MAX_KEY), known)
}

function spanOf(days: number | undefined): string {
  if (days === undefined) return 'unreadable'
  for (const { most, name } of SPANS) if (days <= most) return name
  return 'more than 398 days'
}

function estimateOf(count: DistinctCount): DistinctEstimate {
  return { estimate: count.estimate(), error: DistinctCount.error }
}

function tableOf(counts: TopCounts, most: number): CountTable {
  return { total: counts.total, rows: counts.top(most), unseen: counts.unseen }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
