import type { CtCertificate } from '../types/certificate.js'
import type { Session } from './connection.js'
import { STAGED_NAMES, type StagedParts, stagedRow } from './staged-row.js'

/**
 * Which entries get a row: all; those with a certificate not seen before, or with none that can be read; none.
 */
export type EntryRows = 'all' | 'first' | 'none'

/** Copies entries into a temporary table, which takes no lock that another process waits for. */
export async function stageEntries(
  session: Session,
  certificates: readonly CtCertificate[],
  numbers: ReadonlyMap<string, number>,
  parts: StagedParts,
): Promise<void> {
  await session.copy('COPY staged FROM STDIN', rowsOf(certificates, numbers, parts))
}

/** Joins rows: with one write for each of 256 rows, the writes cost as much as everything else. */
function* rowsOf(
  certificates: readonly CtCertificate[],
  numbers: ReadonlyMap<string, number>,
  parts: StagedParts,
): Iterable<string> {
  let rows = ''
  for (const certificate of certificates) {
    rows += stagedRow(certificate, numbers.get(certificate.log.id) as number, parts)
    if (rows.length < 65_536) continue
    yield rows
    rows = ''
  }
  if (rows !== '') yield rows
}

/** Inserts the staged entries into the tables. Rows that exist stay unchanged. */
export async function insertStaged(session: Session, entryRows: EntryRows): Promise<void> {
  await session.query(INSERT_CERTIFICATES)
  // A second statement, because it also sees certificates that another process inserted after the first one began.
  if (entryRows !== 'none') await session.query(entryRows === 'all' ? INSERT_ENTRIES : INSERT_FIRST_ENTRIES)
}

// In the order of their keys, so that two processes cannot deadlock.
const INSERT_CERTIFICATES = `
WITH first AS MATERIALIZED (
  SELECT DISTINCT ON (sha256) * FROM staged WHERE sha256 IS NOT NULL ORDER BY sha256, log, idx
), added AS (
  INSERT INTO certificate (part, id, sha256, issuance, issuer, serial, not_before, not_after, precert,
    first_log, first_index, first_seen, der)
  SELECT part, nextval('certificate_number') * 16 + part, sha256, issuance, issuer, serial,
    to_timestamp(not_before / 1000.0), to_timestamp(not_after / 1000.0), precert, log, idx, now(), der
  FROM first ORDER BY part, sha256
  ON CONFLICT (part, sha256) DO NOTHING
  RETURNING id, sha256
), named AS MATERIALIZED (
  SELECT unnest(${STAGED_NAMES}) AS rev, added.id FROM added JOIN first USING (sha256) WHERE names IS NOT NULL
), names AS (
  INSERT INTO name (rev, cert, first_seen) SELECT rev, id, now() FROM named
)
INSERT INTO name_first (rev, first_seen, cert)
SELECT DISTINCT ON (rev COLLATE "C") rev, now(), id FROM named ORDER BY rev COLLATE "C", id
ON CONFLICT (rev) DO NOTHING`

const TIMESTAMP = 'to_timestamp(s.ts / 1000.0)'

const INSERT_ENTRIES = `
INSERT INTO entry (log, idx, ts, cert)
SELECT s.log, s.idx, ${TIMESTAMP}, c.id FROM staged s LEFT JOIN certificate c ON c.part = s.part AND c.sha256 = s.sha256
ORDER BY s.log, s.idx
ON CONFLICT (log, idx) DO NOTHING`

const INSERT_FIRST_ENTRIES = `
INSERT INTO entry (log, idx, ts, cert)
SELECT s.log, s.idx, ${TIMESTAMP}, c.id FROM staged s LEFT JOIN certificate c ON c.part = s.part AND c.sha256 = s.sha256
WHERE s.sha256 IS NULL OR (c.first_log = s.log AND c.first_index = s.idx)
ORDER BY s.log, s.idx
ON CONFLICT (log, idx) DO NOTHING`
