import { openDatabase } from '../postgres/open-database.js'
import { type CertificateSearchOptions, type FoundCertificate, searchIn } from '../postgres/search.js'
import { postgresTarget } from '../postgres/target.js'

export type { CertificateSearchOptions, FoundCertificate } from '../postgres/search.js'

/** Of a connection that holds no lease. */
const READ_MS = 60_000

/**
 * Certificates in the database of a `postgresSink`, by name, newest first.
 *
 * @param url - As of `postgresSink`, with the same schema.
 * @param pattern - `example.com`: it and everything below; `=example.com`: only itself; `*.example.com`: only what is below.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, `CT_SINK_FAILED`, `CT_CHECKPOINT_VERSION`, `CT_PEER_MISSING`.
 */
export async function searchCertificates(
  url: string,
  pattern: string,
  options?: CertificateSearchOptions,
): Promise<FoundCertificate[]> {
  const connection = await openDatabase(postgresTarget(url), READ_MS)
  try {
    return await searchIn(connection, pattern, options)
  } finally {
    await connection.close()
  }
}
