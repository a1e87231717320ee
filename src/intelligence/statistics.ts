import { outlineOf } from '../decode/decode-entry.js'
import type { CtCertificate } from '../types/certificate.js'
import type { Clock } from '../types/clock.js'
import { elapsedOf, systemClock } from '../util/clock.js'
import { cutText } from '../util/harmless.js'
import { integerOption, objectOption } from '../util/options.js'
import type { Outline } from '../x509/outline.js'
import { DistinctCount } from './distinct-count.js'
import { keyText, MAX_NAMES, validityDays } from './facts.js'
import { issuerTexts } from './issuer-texts.js'
import { KeyReuse } from './key-reuse.js'
import { PrecertificateWatch } from './missing-certificates.js'
import type { KnownName } from './name-memory.js'
import { NewlySeen } from './newly-seen.js'
import { OrdinaryCertificate } from './ordinary-certificate.js'
import type { RuleBreach } from './rule.js'
import type { CountTable, DistinctEstimate, StatisticsReport } from './statistics-report.js'
import type { StringHash } from './string-hash.js'
import { TimeSeries } from './time-series.js'
import { TopCounts } from './top-counts.js'

/** Options of {@link CertificateStatistics}; all optional. */
export interface StatisticsOptions {
  /** Counters in each table, 10 to 1,000,000; the table of registrable domains has ten times as many. Default 1,000. */
  readonly counters?: number
  /** Least number of registrable domains remembered to recognize new ones: 1,000 to 100,000,000, 3.4 bytes each. Default 4,000,000. */
  readonly domains?: number
  /** Keys remembered to recognize reuse: 1,000 to 100,000,000, 12 bytes each. Default 1,000,000. */
  readonly keys?: number
  /** Warm-up: how long no domain is called new at first, milliseconds, 0 to 31,536,000,000. Default a day. */
  readonly warmUpMs?: number
  /** How long a precertificate may lack its certificate, milliseconds, 1,000 to 31,536,000,000. Default a day. */
  readonly certificateDelayMs?: number
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

const KEYS = ['counters', 'domains', 'keys', 'warmUpMs', 'certificateDelayMs', 'clock', 'random'] as const
const YEAR = 365 * 86_400_000
const DAY = 86_400_000
const SAMPLED_PRECERTIFICATES = 50_000
/** Longest name of a counter, because text in certificates may have any length. */
const MAX_KEY = 200
const SPANS: readonly (readonly [most: number, name: string])[] = [
  [7, 'up to 7 days'],
  [47, '8 to 47 days'],
  [100, '48 to 100 days'],
  [200, '101 to 200 days'],
  [398, '201 to 398 days'],
]

/**
 * Counts certificates in fixed memory: 45 MB with the defaults. Every inexact number comes with its possible error.
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
  private readonly ordinary: OrdinaryCertificate
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
    this.ordinary = new OrdinaryCertificate(given.random ?? Math.random)
    this.hash = this.ordinary.hash
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
   * Counts one entry. Does not retain it.
   *
   * @param breaches - Rules it breaks, from `inspectCertificate`, if it was inspected.
   */
  add(cert: CountedCertificate, breaches: readonly RuleBreach[] = []): void {
    const { kind, log } = cert
    const at = this.elapsed() - this.begun
    this.kinds[kind] += 1
    this.count('logs', log.description === '' ? log.id : log.description)
    if (kind === 'unparsable') return
    this.series.add(at, kind)
    this.addClaims(cert)
    for (const { rule } of breaches) this.count('rules', rule)
    const domains = this.addNames(this.namesOf(cert), at >= this.warmUpMs)
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
      this.watch.add(this.hash.high, this.hash.low, kind, at)
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

  /** Counts what a certificate states about its issuer and itself. */
  private addClaims(cert: CountedCertificate): void {
    const { ordinary } = this
    if (ordinary.read(cert)) {
      const { owner, issuer, validation } = ordinary.profile
      this.addTexts(owner, issuer, validation)
      this.count('validity', spanOf(Math.ceil((ordinary.end - ordinary.begin + 1000) / DAY)))
      this.count('keys', ordinary.key)
      return
    }
    const { owner, issuer } = issuerTexts(cert)
    this.addTexts(owner, issuer, cert.validation ?? 'none')
    this.count('validity', spanOf(validityDays(cert)))
    this.count('keys', cert.publicKey === undefined ? 'unreadable' : keyText(cert.publicKey))
  }

  private addTexts(owner: string, issuer: string, validation: string): void {
    this.count('caOwners', owner)
    this.count('issuers', issuer)
    this.count('validation', validation)
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

  /** @returns Hashes of the registrable domains. */
  private addNames(names: readonly KnownName[], isWarm: boolean): number[] {
    for (const { high, low } of names) this.distinct.names.add(high, low)
    const hashes: number[] = []
    const topLevels: string[] = []
    for (const { domain, domainHigh, domainLow, topLevel } of eachOnce(names)) {
      if (domain === '') continue
      hashes.push(domainHigh)
      this.distinct.registrableDomains.add(domainHigh, domainLow)
      this.count('registrableDomains', domain)
      if (!topLevels.includes(topLevel)) topLevels.push(topLevel)
      if (this.domains.add(domainHigh, domainLow) && isWarm) this.newDomains += 1
    }
    for (const topLevel of topLevels) this.count('topLevelDomains', topLevel)
    return hashes
  }
}

/** The reader of some statistics, so that rules can share it. Internal. */
export function readerOf(statistics: CertificateStatistics): OrdinaryCertificate {
  // biome-ignore lint/complexity/useLiteralKeys: the name in brackets is what lets it read a private field
  return statistics['ordinary']
}

/** Keeps the first name of each domain, in order. */
function eachOnce(names: readonly KnownName[]): readonly KnownName[] {
  const [first] = names
  // Nearly all certificates have names of only one domain.
  if (first === undefined || names.every(({ domain }) => domain === first.domain)) return names.slice(0, 1)
  const domains = new Map<string, KnownName>()
  for (const name of names) if (!domains.has(name.domain)) domains.set(name.domain, name)
  return [...domains.values()]
}

function spanOf(days: number | undefined): string {
  if (days === undefined) return 'unreadable'
  return SPANS.find(([most]) => days <= most)?.[1] ?? 'more than 398 days'
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
