import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import { elapsedOf, systemClock } from '../util/clock.js'
import { cutText } from '../util/harmless.js'
import { integerOption, objectOption } from '../util/options.js'
import { registrableDomain } from '../watchlist/suffix.js'
import { DistinctCount } from './distinct-count.js'
import { keyText, MAX_NAMES, validityDays } from './facts.js'
import { KeyReuse } from './key-reuse.js'
import { PrecertificateWatch } from './missing-certificates.js'
import { NewlySeen } from './newly-seen.js'
import { Remembered } from './remembered.js'
import { RepeatedClaims } from './repeated-claims.js'
import type { RuleBreach } from './rule.js'
import type { CountTable, DistinctEstimate, StatisticsReport } from './statistics-report.js'
import { StringHash } from './string-hash.js'
import { TimeSeries } from './time-series.js'
import { TopCounts } from './top-counts.js'

export interface StatisticsOptions {
  /** Counters of each table, 10 to 1,000,000; that of registrable domains has ten times as many. Default 1,000. */
  readonly counters?: number
  /** Registrable domains remembered at least, to tell new ones: 1,000 to 100,000,000, 3.4 bytes each. Default 4,000,000. */
  readonly domains?: number
  /** Keys remembered, to tell those used again: 1,000 to 100,000,000, 12 bytes each. Default 1,000,000. */
  readonly keys?: number
  /** How long everything counts as known before domains are called new, milliseconds, 0 to 31,536,000,000. Default a day. */
  readonly warmUpMs?: number
  /** How long a precertificate may be without its certificate, milliseconds, 1,000 to 31,536,000,000. Default a day. */
  readonly certificateDelayMs?: number
  /** Default: the machine's clock. */
  readonly clock?: Clock
  /** Uniform in [0, 1). Default `Math.random`. */
  readonly random?: () => number
}

/** What is read of a certificate. */
export type CountedCertificate = Pick<
  CtCertificate,
  'kind' | 'log' | 'issuer' | 'publicKey' | 'notBefore' | 'notAfter' | 'validation' | 'dnsNames' | 'issuanceId'
>

const KEYS = ['counters', 'domains', 'keys', 'warmUpMs', 'certificateDelayMs', 'clock', 'random'] as const
const YEAR = 365 * 86_400_000
const DAY = 86_400_000
const SAMPLED_PRECERTIFICATES = 50_000
/** Longest name of a counter: a certificate's texts may be of any length. */
const MAX_KEY = 200
/** An entry's names come again soon: in its certificate, and in other logs. */
const REMEMBERED_NAMES = 20_000
const SPANS: readonly (readonly [most: number, name: string])[] = [
  [7, 'up to 7 days'],
  [47, '8 to 47 days'],
  [100, '48 to 100 days'],
  [200, '101 to 200 days'],
  [398, '201 to 398 days'],
]

/**
 * Counts certificates in memory that does not grow: 45 MB with the defaults. Every number that is not exact says how far off it may be.
 *
 * Entries are counted as they come, precertificates and certificates alike: where an issuance counts once, read the stream with
 * `dedupe: 'issuance'`.
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
    names: new DistinctCount(),
    registrableDomains: new DistinctCount(),
    keys: new DistinctCount(),
  }
  private readonly counts: Readonly<Record<keyof StatisticsReport['counts'], TopCounts>>
  private readonly claims = new RepeatedClaims()
  private readonly registrable = new Remembered<string>(REMEMBERED_NAMES)
  private readonly series = new TimeSeries()
  private readonly domains: NewlySeen
  private readonly keys: KeyReuse
  private readonly watch: PrecertificateWatch
  private newDomains = 0
  private reused = 0

  /** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
  constructor(options: StatisticsOptions = {}) {
    const given = objectOption<StatisticsOptions>('options', options, KEYS)
    const counters = integerOption('counters', given.counters, 10, 1_000_000, 1000)
    this.clock = given.clock ?? systemClock
    this.elapsed = elapsedOf(this.clock)
    this.begun = this.elapsed()
    this.began = this.clock.now()
    this.warmUpMs = integerOption('warmUpMs', given.warmUpMs, 0, YEAR, DAY)
    this.hash = new StringHash(given.random ?? Math.random)
    const table = () => new TopCounts(counters)
    this.counts = {
      ...{ issuers: table(), caOwners: table(), logs: table(), keys: table(), validity: table(), validation: table() },
      ...{ topLevelDomains: table(), registrableDomains: new TopCounts(counters * 10), rules: table() },
    }
    this.domains = new NewlySeen(integerOption('domains', given.domains, 1000, 100_000_000, 4_000_000))
    this.keys = new KeyReuse(integerOption('keys', given.keys, 1000, 100_000_000, 1_000_000))
    const delay = integerOption('certificateDelayMs', given.certificateDelayMs, 1000, YEAR, DAY)
    this.watch = new PrecertificateWatch(SAMPLED_PRECERTIFICATES, delay)
  }

  /**
   * Counts one entry. Keeps nothing of it.
   *
   * @param breaches - Rules it breaks, of `inspectCertificate`, if it was inspected.
   */
  add(cert: CountedCertificate, breaches: readonly RuleBreach[] = []): void {
    const { kind, log, publicKey, issuanceId } = cert
    const at = this.elapsed() - this.begun
    this.kinds[kind] += 1
    this.count('logs', log.description === '' ? log.id : log.description)
    if (kind === 'unparsable') return
    this.series.add(at, kind)
    const { owner, issuer } = this.claims.issuerOf(cert)
    this.count('caOwners', owner)
    this.count('issuers', issuer)
    this.count('validation', this.claims.validationOf(cert))
    this.count('validity', spanOf(validityDays(cert)))
    this.count('keys', publicKey === undefined ? 'unreadable' : keyText(publicKey))
    for (const { rule } of breaches) this.count('rules', rule)
    if (issuanceId !== undefined) {
      this.distinct.issuances.add(wordOf(issuanceId, 0), wordOf(issuanceId, 1))
      this.watch.add(issuanceId, kind, at)
    }
    const domains = this.addNames(cert.dnsNames, at >= this.warmUpMs)
    if (publicKey === undefined) return
    const { spkiSha256 } = publicKey
    this.distinct.keys.add(wordOf(spkiSha256, 0), wordOf(spkiSha256, 1))
    if (domains.length > 0 && this.keys.add(spkiSha256, domains)) this.reused += 1
  }

  /**
   * What was counted until now; counting goes on.
   *
   * @param most - Rows of each table, 1 to 1,000,000. Default 20.
   * @throws {@link CtStreamError} `CT_OPTION_INVALID`
   */
  report(most = 20): StatisticsReport {
    integerOption('most', most, 1, 1_000_000, 20)
    const at = this.elapsed() - this.begun
    const { certificate, precertificate, unparsable } = this.kinds
    const estimates = Object.entries(this.distinct).map(([name, count]) => [name, estimateOf(count)])
    const tables = Object.entries(this.counts).map(([name, counts]) => [name, tableOf(counts, most)])
    return {
      since: iso(this.began),
      until: iso(this.began + at),
      entries: certificate + precertificate + unparsable,
      certificates: certificate,
      precertificates: precertificate,
      unparsable,
      series: { spanMs: this.series.spanMs, rows: this.series.report() },
      distinct: Object.fromEntries(estimates) as StatisticsReport['distinct'],
      counts: Object.fromEntries(tables) as StatisticsReport['counts'],
      newDomains: {
        count: at < this.warmUpMs ? null : this.newDomains,
        knownFrom: iso(this.began + this.warmUpMs),
        error: NewlySeen.error,
      },
      keyReuse: this.reused,
      withoutCertificate: this.watch.report(at),
    }
  }

  private count(table: keyof StatisticsReport['counts'], name: string): void {
    this.counts[table].add(cutText(name, MAX_KEY))
  }

  /** The registrable domain; empty for a public suffix. */
  private domainOf(base: string): string {
    const known = this.registrable.get(base)
    if (known !== undefined) return known
    const domain = registrableDomain(base) ?? ''
    return base.length > MAX_KEY ? domain : this.registrable.set(base, domain)
  }

  /** @returns Hashes of the registrable domains. */
  private addNames(names: readonly string[], isWarm: boolean): number[] {
    const domains = new Set<string>()
    for (const name of names.slice(0, MAX_NAMES)) {
      this.hash.of(name)
      this.distinct.names.add(this.hash.high, this.hash.low)
      const base = name.startsWith('*.') ? name.slice(2) : name
      const domain = this.domainOf(base)
      if (domain !== '') domains.add(domain)
    }
    const hashes: number[] = []
    const topLevels = new Set<string>()
    for (const domain of domains) {
      const { high, low } = this.hash.of(domain)
      hashes.push(high)
      this.distinct.registrableDomains.add(high, low)
      this.count('registrableDomains', domain)
      topLevels.add(domain.slice(domain.lastIndexOf('.') + 1))
      if (this.domains.add(high, low) && isWarm) this.newDomains += 1
    }
    for (const topLevel of topLevels) this.count('topLevelDomains', topLevel)
    return hashes
  }
}

function spanOf(days: number | undefined): string {
  if (days === undefined) return 'unreadable'
  return SPANS.find(([most]) => days <= most)?.[1] ?? 'more than 398 days'
}

/** 32 bits of 64 hex digits. */
function wordOf(hex: string, i: number): number {
  return Number.parseInt(hex.slice(i * 8, i * 8 + 8), 16)
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
