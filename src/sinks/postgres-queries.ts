import type { PostgresConnection } from '../postgres/connection.js'
import { coverageIn, type LogCoverage } from '../postgres/coverage.js'
import type { IndexRange } from '../postgres/intervals.js'
import { type NewName, newNamesIn } from '../postgres/new-names.js'
import { openDatabase } from '../postgres/open-database.js'
import { type Pruned, type PruneOptions, pruneIn } from '../postgres/prune.js'
import { type CertificateSearchOptions, type FoundCertificate, searchIn } from '../postgres/search.js'
import { postgresTarget } from '../postgres/target.js'
import { booleanOption, dateOption, integerOption, objectOption } from '../util/options.js'

export type { LogCoverage } from '../postgres/coverage.js'
export type { IndexRange } from '../postgres/intervals.js'
export type { NewName } from '../postgres/new-names.js'
export type { Pruned, PruneOptions } from '../postgres/prune.js'
export type { CertificateSearchOptions, FoundCertificate } from '../postgres/search.js'

/** Which log and range to ask about. Default range: from the first entry that was read to the last. */
export interface CoverageOptions extends Partial<IndexRange> {
  /** Base64. Default: all logs. */
  readonly logId?: string
}

/** This connection holds no lease, so its timeout may be long. */
const READ_MS = 60_000
/** A hundred years. */
const LONGEST_MS = 3_155_760_000_000

/**
 * Searches the database of a `postgresSink` for certificates by name, newest first.
 *
 * @param url - As for `postgresSink`, with the same schema.
 * @param pattern - `example.com`: it and everything below; `=example.com`: only itself; `*.example.com`: only what is below.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, `CT_SINK_FAILED`, `CT_CHECKPOINT_VERSION`, `CT_PEER_MISSING`.
 */
export function searchCertificates(
  url: string,
  pattern: string,
  options?: CertificateSearchOptions,
): Promise<FoundCertificate[]> {
  return connected(url, (connection) => searchIn(connection, pattern, options))
}

/**
 * Names in the order in which they first appeared in the database of a `postgresSink`, latest first.
 *
 * @param url - As for `postgresSink`.
 * @param pattern - As for {@link searchCertificates}.
 * @throws {@link CtStreamError} as {@link searchCertificates}.
 */
export function newNames(url: string, pattern: string, options: CertificateSearchOptions = {}): Promise<NewName[]> {
  const { since, limit } = objectOption<CertificateSearchOptions>('options', options, ['since', 'limit'])
  const after = since === undefined ? 0 : dateOption('since', since)
  const most = integerOption('limit', limit, 1, 1_000_000, 1000)
  return connected(url, (connection) => connection.run((session) => newNamesIn(session, pattern, after, most)))
}

/**
 * Which entries of each log were read into the database of a `postgresSink` or `postgresCheckpoint`, and which are missing in between.
 *
 * @param url - As for `postgresSink`.
 * @throws {@link CtStreamError} as {@link searchCertificates}.
 */
export function coverage(url: string, options: CoverageOptions = {}): Promise<LogCoverage[]> {
  const { logId, ...range } = objectOption<CoverageOptions>('options', options, ['logId', 'start', 'end'])
  const asked = {
    ...(range.start !== undefined && { start: integerOption('start', range.start, 0, Number.MAX_SAFE_INTEGER, 0) }),
    ...(range.end !== undefined && { end: integerOption('end', range.end, 0, Number.MAX_SAFE_INTEGER, 0) }),
  }
  return connected(url, (connection) => connection.run((session) => coverageIn(session, logId, asked)))
}

/**
 * Deletes old rows from the database of a `postgresSink`, in batches small enough not to block writers. Entries that a group of processors
 * has not acknowledged stay, unless `unread` is set.
 *
 * @param url - As for `postgresSink`.
 * @throws {@link CtStreamError} as {@link searchCertificates}.
 */
export function prune(url: string, options: PruneOptions): Promise<Pruned> {
  const known = ['queueOlderThanMs', 'entriesOlderThanMs', 'unread'] as const
  const { queueOlderThanMs, entriesOlderThanMs, unread } = objectOption<PruneOptions>('options', options, known)
  const checked: PruneOptions = {
    ...(queueOlderThanMs !== undefined && {
      queueOlderThanMs: integerOption('queueOlderThanMs', queueOlderThanMs, 0, LONGEST_MS, 0),
    }),
    ...(entriesOlderThanMs !== undefined && {
      entriesOlderThanMs: integerOption('entriesOlderThanMs', entriesOlderThanMs, 0, LONGEST_MS, 0),
    }),
    unread: booleanOption('unread', unread, false),
  }
  return connected(url, (connection) => pruneIn(connection, checked))
}

async function connected<T>(url: string, use: (connection: PostgresConnection) => Promise<T>): Promise<T> {
  const connection = await openDatabase(postgresTarget(url), READ_MS)
  try {
    return await use(connection)
  } finally {
    await connection.close()
  }
}
