// `ct-stream/modules`: what watches, understands and passes on certificates.

export type { CertificateFacts, CertificateScope, InspectedCertificate } from '../intelligence/facts.js'
export { type Inspection, type InspectOptions, inspectCertificate } from '../intelligence/inspect.js'
export type { MissingCertificates } from '../intelligence/missing-certificates.js'
export { RULES, type RuleBreach, type RuleId } from '../intelligence/rule.js'
export { CertificateStatistics, type CountedCertificate, type StatisticsOptions } from '../intelligence/statistics.js'
export type { CountTable, DistinctEstimate, StatisticsReport } from '../intelligence/statistics-report.js'
export type { SeriesRow } from '../intelligence/time-series.js'
export type { CountRow } from '../intelligence/top-counts.js'
export { readWeakKeys } from '../intelligence/weak-keys.js'
export type { Finding, FindingDraft, FindingReason, Severity } from '../types/finding.js'
export { readBrands } from '../watchlist/brand-line.js'
export type { Concern, ConcernClass } from '../watchlist/concern.js'
export type { ConcerningCertificate } from '../watchlist/concerns.js'
export { type ListEntry, type ListLine, type ReadListOptions, readList } from '../watchlist/list-line.js'
export type { Match, MatchKind, MatchReason } from '../watchlist/match.js'
export type { Brand, WatchlistOptions } from '../watchlist/options.js'
export { Watchlist } from '../watchlist/watchlist.js'
export {
  type CacheBy,
  type CacheKey,
  type CacheStatus,
  CertificateCache,
  type CertificateCacheOptions,
  type CertificateMemory,
} from './certificate-cache.js'
export {
  type ConfiguredModule,
  defineModule,
  isModule,
  type Module,
  type ModuleContext,
  type ModuleDefinition,
  type ModuleErrorPolicy,
  type ModuleLimits,
  type ModuleUse,
  type ModuleWants,
  type SetupContext,
} from './definition.js'
export { type LoadModulesOptions, loadModules, type ModuleSpec } from './load-modules.js'
export { type ModuleRun, type RunModulesOptions, runModules } from './run-modules.js'
export type { AcknowledgedSource, ModuleSource } from './source.js'
export type { ModuleState, ModuleStatus, ModulesStatus } from './status.js'
