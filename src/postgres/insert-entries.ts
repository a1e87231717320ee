import type { CtCertificate } from '../types/certificate.js'
import type { Session } from './connection.js'
import { certificateColumns, entryColumns } from './entry-columns.js'

/**
 * Which entries get a row: all; those with a certificate not seen before, or with none that can be read; none.
 */
export type EntryRows = 'all' | 'first' | 'none'

/** A statement and its parameters. */
export interface PreparedInsert {
  readonly text: string
  readonly values: readonly (Buffer | number)[]
}

/** The statements that insert entries and their certificates. Rows that exist stay unchanged. */
export function entryInserts(
  certificates: readonly CtCertificate[],
  numbers: ReadonlyMap<string, number>,
  { entries, der }: { readonly entries: EntryRows; readonly der: boolean },
): PreparedInsert[] {
  const numberOf = ({ log }: CtCertificate) => numbers.get(log.id) as number
  const inserts: PreparedInsert[] = []
  let columns: ReturnType<typeof certificateColumns> | undefined
  const finish = () => {
    if (columns !== undefined) inserts.push({ text: INSERT_CERTIFICATES, values: columns.values() })
    columns = undefined
  }
  for (const [sha256, certificate] of sortedCertificates(certificates)) {
    columns ??= certificateColumns(der)
    columns.add(certificate, sha256, numberOf(certificate))
    if (columns.isFull) finish()
  }
  finish()
  if (entries === 'none' || certificates.length === 0) return inserts
  const rows = entryColumns()
  for (const certificate of certificates) rows.add(certificate, numberOf(certificate))
  // A second statement, because it also sees certificates that another process inserted after the first one began.
  return [...inserts, { text: entries === 'all' ? INSERT_ENTRIES : INSERT_FIRST_ENTRIES, values: rows.values() }]
}

/** Each once, in the order of their keys, so that two processes cannot deadlock. */
function sortedCertificates(certificates: readonly CtCertificate[]): [string, CtCertificate][] {
  const bySha256 = new Map<string, CtCertificate>()
  for (const certificate of certificates) {
    const { sha256 } = certificate
    if (sha256 !== undefined && !bySha256.has(sha256)) bySha256.set(sha256, certificate)
  }
  return [...bySha256].sort(([a], [b]) => (a < b ? -1 : 1))
}

export async function insert(session: Session, inserts: readonly PreparedInsert[]): Promise<void> {
  for (const { text, values } of inserts) await session.query(text, values)
}

const INSERT_CERTIFICATES = `
WITH found AS MATERIALIZED (
  SELECT * FROM unnest($1::smallint[], $2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
    $8::boolean[], $9::integer[], $10::bigint[], $11::bytea[], $12::text[])
  AS c (part, sha256, issuance, issuer, serial, not_before, not_after, precert, log, idx, der, names)
), added AS (
  INSERT INTO certificate (part, id, sha256, issuance, issuer, serial, not_before, not_after, precert,
    first_log, first_index, first_seen, der)
  SELECT part, nextval('certificate_number') * 16 + part, sha256, issuance, issuer, serial, not_before, not_after, precert,
    log, idx, now(), der FROM found
  ON CONFLICT (part, sha256) DO NOTHING
  RETURNING id, sha256
), named AS MATERIALIZED (
  SELECT unnest(string_to_array(names, E'\\x01')) AS rev, added.id FROM added JOIN found USING (sha256) WHERE names IS NOT NULL
), names AS (
  INSERT INTO name (rev, cert, first_seen) SELECT rev, id, now() FROM named
)
INSERT INTO name_first (rev, first_seen, cert)
SELECT DISTINCT ON (rev COLLATE "C") rev, now(), id FROM named ORDER BY rev COLLATE "C", id
ON CONFLICT (rev) DO NOTHING`

// LATERAL with a limit: an index is looked into for each entry. Without it the planner, which has no statistics of a new table, joins all of it.
const INSERT_ENTRIES = `
INSERT INTO entry (log, idx, ts, cert)
SELECT s.log, s.idx, s.ts, c.id
FROM unnest($1::integer[], $2::bigint[], $3::timestamptz[], $4::smallint[], $5::bytea[]) AS s (log, idx, ts, part, sha256)
LEFT JOIN LATERAL (SELECT * FROM certificate c WHERE c.part = s.part AND c.sha256 = s.sha256 LIMIT 1) c ON true
ORDER BY s.log, s.idx
ON CONFLICT (log, idx) DO NOTHING`

const INSERT_FIRST_ENTRIES = INSERT_ENTRIES.replace(
  'ORDER BY',
  'WHERE s.sha256 IS NULL OR (c.first_log = s.log AND c.first_index = s.idx) ORDER BY',
)
