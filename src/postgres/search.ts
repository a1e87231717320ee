import type { CertificateKind } from '../types/certificate-kind.js'
import { dateOption, integerOption, objectOption } from '../util/options.js'
import { reversedBounds, reversedName } from '../util/reversed-name.js'
import type { PostgresConnection } from './connection.js'

/** Options of a search for certificates; all optional. */
export interface CertificateSearchOptions {
  /** Only certificates first seen then or later. Default: any time. */
  readonly since?: Date
  /** Most certificates to return, the newest; 1 to 1,000,000. Default 1000. */
  readonly limit?: number
}

/** A certificate that a search has found. */
export interface FoundCertificate {
  /** Hex of SHA-256 over the DER. */
  readonly sha256: string
  /** As which of the two it was logged. */
  readonly kind: Exclude<CertificateKind, 'unparsable'>
  /** The certificate's names that match, sorted from the last label on; its other names are left out. */
  readonly names: readonly string[]
  /** As RFC 4514 writes it, harmless to a terminal, at most 1,000 characters. */
  readonly issuer: string
  /** Hex; `undefined` where it could not be read, like the two dates. */
  readonly serialNumber: string | undefined
  /** Beginning of its validity. */
  readonly notBefore: Date | undefined
  /** End of its validity, inclusive. */
  readonly notAfter: Date | undefined
  /** When it was written to the database, by the server's clock. */
  readonly firstSeen: Date
  /** Where it was seen first. */
  readonly logId: string
  /** Its position in that log. */
  readonly index: number
}

/**
 * Certificates with a name that matches, newest first.
 *
 * @param pattern - `example.com`: it and everything below; `=example.com`: only itself; `*.example.com`: only what is below.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, `CT_SINK_FAILED`.
 */
export async function searchIn(
  connection: PostgresConnection,
  pattern: string,
  options: CertificateSearchOptions = {},
): Promise<FoundCertificate[]> {
  const { since, limit } = objectOption<CertificateSearchOptions>('options', options, ['since', 'limit'])
  return (await searchPage(connection, pattern, { since, limit })).items
}

/** The last certificate of a page. */
export interface SearchPlace {
  /** Epoch microseconds, by the server's clock. */
  readonly seenMicros: string
  readonly cert: string
}

/**
 * Like {@link searchIn}, for the certificates after a place.
 *
 * @param place - The end of the page before.
 */
export async function searchPage(
  connection: PostgresConnection,
  pattern: string,
  { since, limit }: { readonly [K in keyof CertificateSearchOptions]: CertificateSearchOptions[K] | undefined },
  place?: SearchPlace,
): Promise<{ readonly items: FoundCertificate[]; readonly end: SearchPlace | undefined }> {
  const { exact, from, to } = reversedBounds(pattern)
  const after = since === undefined ? 0 : dateOption('since', since)
  const most = integerOption('limit', limit, 1, 1_000_000, 1000)
  const parameters = [exact, from, to, after, most, place?.seenMicros ?? null, place?.cert ?? null]
  const rows = await connection.run((session) => session.query<Row>(SEARCH, parameters))
  const last = rows.at(-1)
  const items = rows.map(
    (row): FoundCertificate => ({
      sha256: row.sha256,
      kind: row.precert ? 'precertificate' : 'certificate',
      names: row.revs.map(reversedName),
      issuer: row.issuer,
      serialNumber: row.serial ?? undefined,
      notBefore: dateOf(row.not_before),
      notAfter: dateOf(row.not_after),
      firstSeen: new Date(Number(row.first_seen)),
      logId: row.log,
      index: Number(row.first_index),
    }),
  )
  return { items, end: last && { seenMicros: last.seen_micros, cert: last.cert } }
}

interface Row {
  readonly sha256: string
  readonly precert: boolean
  readonly revs: readonly string[]
  readonly issuer: string
  readonly serial: string | null
  readonly not_before: string | null
  readonly not_after: string | null
  readonly first_seen: string
  readonly log: string
  readonly first_index: string
  readonly seen_micros: string
  readonly cert: string
}

// Two conditions on one index; the partition of each certificate follows from its number: no table is scanned.
const SEARCH = `
WITH hits AS MATERIALIZED (
  SELECT cert, min(first_seen) AS first_seen, array_agg(rev ORDER BY rev) AS revs FROM name
  WHERE (rev = $1 OR (rev >= $2 AND rev < $3)) AND first_seen >= to_timestamp($4::float8 / 1000)
  GROUP BY cert HAVING $6::bigint IS NULL OR ((extract(epoch FROM min(first_seen)) * 1000000)::bigint, cert) < ($6, $7::bigint)
  ORDER BY min(first_seen) DESC, cert DESC LIMIT $5
)
SELECT encode(c.sha256, 'hex') AS sha256, c.precert, hits.revs, c.issuer, c.serial,
  (extract(epoch FROM c.not_before) * 1000)::bigint AS not_before,
  (extract(epoch FROM c.not_after) * 1000)::bigint AS not_after,
  (extract(epoch FROM c.first_seen) * 1000)::bigint AS first_seen, log.id AS log, c.first_index,
  (extract(epoch FROM hits.first_seen) * 1000000)::bigint AS seen_micros, hits.cert
FROM hits JOIN certificate c ON c.part = (hits.cert % 16)::smallint AND c.id = hits.cert JOIN log ON log.n = c.first_log
ORDER BY hits.first_seen DESC, hits.cert DESC`

const dateOf = (ms: string | null) => (ms === null ? undefined : new Date(Number(ms)))
