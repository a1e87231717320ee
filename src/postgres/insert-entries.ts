import type { CtCertificate } from '../types/certificate.js'
import type { Steps } from '../util/turns.js'
import { type CertificateRows, STEP_ENTRIES } from './certificate-rows.js'
import type { Session } from './connection.js'
import { certificateColumns, entryColumns } from './entry-columns.js'

/**
 * Which entries get a row: all; those with a certificate not seen before, or with none that can be read; none.
 */
export type EntryRows = 'all' | 'first' | 'none'

/** Entries with the parameters of their statements, made before a transaction begins. */
export class EntryInserts {
  private readonly certificates: readonly CtCertificate[]
  private readonly numbers: ReadonlyMap<string, number>
  private readonly entries: EntryRows
  /** The first entry of each certificate, by its SHA-256. */
  private readonly firsts = new Map<string, CtCertificate>()
  private readonly statements: (readonly Buffer[])[] = []

  /**
   * Encodes, step by step: leases are renewed meanwhile.
   *
   * @param numbers - The numbers of the logs, by log id.
   * @param rows - Those that are not decoded yet are decoded now.
   */
  static *steps(
    certificates: readonly CtCertificate[],
    numbers: ReadonlyMap<string, number>,
    { entries, rows }: { readonly entries: EntryRows; readonly rows: CertificateRows },
  ): Steps<EntryInserts> {
    const inserts = new EntryInserts(certificates, numbers, entries)
    yield* inserts.encode(rows)
    return inserts
  }

  private constructor(
    certificates: readonly CtCertificate[],
    numbers: ReadonlyMap<string, number>,
    entries: EntryRows,
  ) {
    this.certificates = certificates
    this.numbers = numbers
    this.entries = entries
  }

  private *encode(rows: CertificateRows): Steps<void> {
    for (const [i, certificate] of this.certificates.entries()) {
      if (i % STEP_ENTRIES === 0) yield
      const { sha256 } = certificate
      if (sha256 !== undefined && !this.firsts.has(sha256)) this.firsts.set(sha256, certificate)
    }
    // In the order of their keys, so that two processes cannot deadlock.
    const sorted = [...this.firsts].sort(([a], [b]) => (a < b ? -1 : 1))
    let columns = certificateColumns()
    for (const [i, [sha256, certificate]] of sorted.entries()) {
      if (i % STEP_ENTRIES === 0) yield
      columns.add(rows.of(certificate, sha256), this.numberOf(certificate))
      if (!columns.isFull && i + 1 < sorted.length) continue
      this.statements.push(columns.values())
      columns = certificateColumns()
    }
  }

  /** Inserts them and their certificates. Rows that exist stay unchanged. @param session - In a transaction. */
  async insert(session: Session): Promise<void> {
    const { entries } = this
    const text = entries === 'none' ? INSERT_CERTIFICATES : INSERT_BOTH
    const added = new Set<string>()
    for (const values of this.statements)
      for (const { log, idx } of await session.query<{ log: number; idx: string }>(text, values))
        added.add(`${log} ${idx}`)
    if (entries === 'none') return
    const rest = this.certificates.filter((certificate) => {
      const { sha256 } = certificate
      const first = sha256 === undefined ? undefined : this.firsts.get(sha256)
      if (first === undefined || !added.has(this.keyOf(first))) return true
      // Its certificate has been added, for the first of its entries.
      return entries === 'all' && first !== certificate
    })
    if (rest.length === 0) return
    const columns = entryColumns()
    for (const certificate of rest) columns.add(certificate, this.numberOf(certificate))
    // Another statement, because it also sees certificates that another process inserted after the first one began.
    await session.query(entries === 'all' ? INSERT_ENTRIES : INSERT_FIRST_ENTRIES, columns.values())
  }

  private numberOf({ log }: CtCertificate): number {
    return this.numbers.get(log.id) as number
  }

  private keyOf(certificate: CtCertificate): string {
    return `${this.numberOf(certificate)} ${certificate.index}`
  }
}

const FOUND = `
WITH found AS MATERIALIZED (
  SELECT * FROM unnest($1::smallint[], $2::bytea[], $3::bytea[], $4::text[], $5::text[], $6::timestamptz[], $7::timestamptz[],
    $8::boolean[], $9::integer[], $10::bigint[], $11::timestamptz[], $12::bytea[], $13::text[])
  AS c (part, sha256, issuance, issuer, serial, not_before, not_after, precert, log, idx, ts, der, names)
), inserted AS (
  INSERT INTO certificate (part, id, sha256, issuance, issuer, serial, not_before, not_after, precert,
    first_log, first_index, first_seen, der)
  SELECT part, nextval('certificate_number') * 16 + part, sha256, issuance, issuer, serial, not_before, not_after, precert,
    log, idx, now(), der FROM found
  ON CONFLICT (part, sha256) DO NOTHING
  RETURNING id, sha256
), added AS MATERIALIZED (
  SELECT id, log, idx, ts, names FROM inserted JOIN found USING (sha256)
), named AS MATERIALIZED (
  SELECT unnest(string_to_array(names, E'\\x01')) AS rev, id FROM added WHERE names IS NOT NULL
), names AS (
  INSERT INTO name (rev, cert, first_seen) SELECT rev, id, now() FROM named
), firsts AS (
  INSERT INTO name_first (rev, first_seen, cert)
  SELECT DISTINCT ON (rev COLLATE "C") rev, now(), id FROM named ORDER BY rev COLLATE "C", id
  ON CONFLICT (rev) DO NOTHING
)`

const INSERT_CERTIFICATES = `${FOUND} SELECT log, idx FROM added`

// What is added has its entry in the same statement, which knows its number.
const INSERT_BOTH = `${FOUND}, entries AS (
  INSERT INTO entry (log, idx, ts, cert) SELECT log, idx, ts, id FROM added ON CONFLICT (log, idx) DO NOTHING
) SELECT log, idx FROM added`

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
