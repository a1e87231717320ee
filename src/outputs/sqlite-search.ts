import type { SqliteDatabase } from '../checkpoint/sqlite-driver.js'
import { CtStreamError } from '../errors.js'
import type { Finding } from '../types/finding.js'
import { dateOption, integerOption, objectOption } from '../util/options.js'
import { reversedBounds } from '../util/reversed-name.js'

/** Options of a search for findings; all optional. */
export interface SearchOptions {
  /** Only findings first seen then or later. Default: any time. */
  readonly since?: Date
  /** Most findings to return, the newest; 1 to 1,000,000. Default 1000. */
  readonly limit?: number
}

/**
 * Findings whose certificate has a matching name, newest first.
 *
 * @param pattern - `example.com`: it and everything below; `=example.com`: only itself; `*.example.com`: only what is below.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 */
export function search(db: SqliteDatabase, pattern: string, options: SearchOptions = {}): Finding[] {
  const { since, limit } = objectOption<SearchOptions>('options', options, ['since', 'limit'])
  const bounds = {
    ...reversedBounds(pattern),
    since: since === undefined ? 0 : dateOption('since', since),
    limit: integerOption('limit', limit, 1, 1_000_000, 1000),
  }
  const rows = db
    .prepare(
      `SELECT json FROM findings WHERE first_seen >= @since AND id IN (
         SELECT finding FROM names WHERE name = @exact
         UNION SELECT finding FROM names WHERE name >= @from AND name < @to
       ) ORDER BY first_seen DESC, id LIMIT @limit`,
    )
    .all(bounds) as { readonly json: string }[]
  return rows.map(({ json }) => findingFrom(json))
}

function findingFrom(json: string): Finding {
  try {
    const finding = JSON.parse(json) as Finding
    if (Array.isArray(finding.reasons) && Array.isArray(finding.certificate.dnsNames)) return finding
    throw new Error('not a finding')
  } catch (cause) {
    throw new CtStreamError('CT_OUTPUT_FAILED', 'the database is damaged: one of its findings cannot be read', {
      cause,
    })
  }
}
