import { KEPT_ISSUERS } from '../checkpoint/kept-issuers.js'
import type { Session } from './connection.js'
import { STATEMENT_BYTES } from './entry-columns.js'

/** An issuer, and who named it. */
export interface NamedIssuer {
  /** Lower-case hex of its SHA-256. */
  readonly fingerprint: string
  readonly der: Uint8Array
  /** The id of the RFC 6962 log that sent it; `''`: a stream has fetched it. */
  readonly source: string
}

/**
 * Stores issuers within {@link KEPT_ISSUERS}; those that are there count as used now.
 *
 * @returns Fingerprints of those that were deleted, as there is no room for them.
 */
export async function putIssuers(session: Session, issuers: readonly NamedIssuer[]): Promise<readonly string[]> {
  for (const some of inStatements(issuers)) {
    const ders = new Map(some.map(({ fingerprint, der }) => [fingerprint, Buffer.from(der)]))
    await session.query(PUT, [
      [...ders.keys()],
      [...ders.values()],
      some.map(({ fingerprint }) => fingerprint),
      some.map(({ source }) => source),
    ])
  }
  const deleted = await session.query<{ fingerprint: string }>(TRIM)
  return deleted.map(({ fingerprint }) => fingerprint)
}

function* inStatements(issuers: readonly NamedIssuer[]): Generator<readonly NamedIssuer[]> {
  let some: NamedIssuer[] = []
  let bytes = 0
  for (const issuer of issuers) {
    some.push(issuer)
    bytes += issuer.der.length
    if (bytes < STATEMENT_BYTES) continue
    yield some
    some = []
    bytes = 0
  }
  if (some.length > 0) yield some
}

// In order: two processes that write the same ones must not wait for each other.
const PUT = `
WITH put AS (
  INSERT INTO issuer SELECT fingerprint, der, now() FROM unnest($1::text[], $2::bytea[]) AS u (fingerprint, der)
  ORDER BY fingerprint ON CONFLICT (fingerprint) DO UPDATE SET used = now()
)
INSERT INTO issuer_source SELECT fingerprint, source FROM unnest($3::text[], $4::text[]) AS u (fingerprint, source)
ORDER BY fingerprint, source ON CONFLICT DO NOTHING`

// No proof covers the chains that a log sends, so one log may name any number. Each source has its places, the last used first, and all have
// as many: where there are too many, the source with most loses its own. SKIP LOCKED leaves what is used at this moment.
const TRIM = `
WITH placed AS (
  SELECT fingerprint, min(place) AS place FROM (
    SELECT i.fingerprint, row_number() OVER (PARTITION BY coalesce(s.source, '') ORDER BY i.used DESC, i.fingerprint) AS place
    FROM issuer i LEFT JOIN issuer_source s ON s.fingerprint = i.fingerprint
  ) AS places GROUP BY fingerprint
),
ordered AS (
  SELECT i.fingerprint, row_number() OVER w AS n, sum(length(i.der)) OVER w AS bytes
  FROM issuer i JOIN placed p ON p.fingerprint = i.fingerprint WINDOW w AS (ORDER BY p.place, i.fingerprint)
)
DELETE FROM issuer WHERE fingerprint IN (
  SELECT fingerprint FROM issuer
  WHERE fingerprint IN (SELECT fingerprint FROM ordered WHERE n > ${KEPT_ISSUERS.count} OR bytes > ${KEPT_ISSUERS.bytes})
  ORDER BY fingerprint FOR UPDATE SKIP LOCKED
) RETURNING fingerprint`
