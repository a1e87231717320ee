import { CtStreamError } from '../errors.js'

/** Where the tables are. */
export interface PostgresTarget {
  /** Connection string for `pg`, without our parameter. */
  readonly connectionString: string
  /** Schema of our tables: lower-case letters, digits and `_`. */
  readonly schema: string
  /** The schema, quoted for a statement. */
  readonly schemaSql: string
  /** For messages: without user and password. */
  readonly shown: string
}

const DEFAULT_SCHEMA = 'ct_stream'

/**
 * Parses a URL such as `postgres://user:password@host:5432/database?schema=ct_stream`.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for anything else; the message does not show the password.
 */
export function postgresTarget(text: string): PostgresTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url === undefined || !/^postgres(?:ql)?:$/.test(url.protocol) || url.hostname === '')
    throw new CtStreamError(
      'CT_OPTION_INVALID',
      'the URL of a Postgres database must be like postgres://user:password@host:5432/database?schema=ct_stream',
    )
  const schema = url.searchParams.get('schema') ?? DEFAULT_SCHEMA
  url.searchParams.delete('schema')
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new CtStreamError(
      'CT_OPTION_INVALID',
      `the schema of a Postgres URL must be 1 to 63 lower-case letters, digits and _, got ${JSON.stringify(schema)}`,
    )
  const shown = `postgres://${url.host}${url.pathname}`
  return { connectionString: url.href, schema, schemaSql: `"${schema}"`, shown }
}
