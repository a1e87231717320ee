import { reversedBounds, reversedName } from '../util/reversed-name.js'
import type { Session } from './connection.js'

/** A name that no certificate in the database had before. */
export interface NewName {
  /** In lower case, A-labels. */
  readonly name: string
  /** When its first certificate was written to the database, by the server's clock. */
  readonly firstSeen: Date
  /** That certificate's SHA-256 over its DER, hex. */
  readonly sha256: string
}

/** Names that match, the latest first. */
export async function newNamesIn(session: Session, pattern: string, since: number, limit: number): Promise<NewName[]> {
  const { exact, from, to } = reversedBounds(pattern)
  const rows = await session.query<{ rev: string; first_seen: Date; sha256: string }>(NAMES, [
    exact,
    from,
    to,
    since,
    limit,
  ])
  return rows.map(({ rev, first_seen, sha256 }) => ({ name: reversedName(rev), firstSeen: first_seen, sha256 }))
}

const NAMES = `
WITH hits AS MATERIALIZED (
  SELECT rev, first_seen, cert FROM name_first
  WHERE (rev = $1 OR (rev >= $2 AND rev < $3)) AND first_seen >= to_timestamp($4::float8 / 1000)
  ORDER BY first_seen DESC, rev LIMIT $5
)
SELECT hits.rev, hits.first_seen, encode(c.sha256, 'hex') AS sha256
FROM hits JOIN certificate c ON c.part = (hits.cert % 16)::smallint AND c.id = hits.cert ORDER BY hits.first_seen DESC, hits.rev`
