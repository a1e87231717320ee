import { CtStreamError } from '../errors.js'
import { BACKFILL_QUEUE, BACKFILL_TABLES } from './backfill-schema.js'
import { type Session, withoutTimeLimit } from './connection.js'
import type { PostgresTarget } from './target.js'

/** Partitions of certificates, by the first half byte of their SHA-256: smaller indexes, vacuumed one by one. */
export const PARTS = 16

const partNumbers = Array.from({ length: PARTS }, (_, part) => part)

/** Each migrates the schema of the version before it. Never change one that was released. */
const migrations: readonly (readonly string[])[] = [
  [
    // Units and their leases. The unit '' is a process that writes alone.
    'CREATE TABLE shard (name text PRIMARY KEY, owner text, epoch bigint NOT NULL DEFAULT 0, until timestamptz)',
    'CREATE TABLE member (name text PRIMARY KEY, seen timestamptz NOT NULL)',
    // The position of each log; `checkpoint` is its row of the checkpoint store as JSON. JSON escapes U+0000, which text refuses.
    `CREATE TABLE log (
      n integer GENERATED ALWAYS AS IDENTITY UNIQUE,
      id text PRIMARY KEY,
      shard text NOT NULL,
      operator text NOT NULL,
      description text NOT NULL,
      url text NOT NULL,
      position bigint,
      epoch bigint NOT NULL DEFAULT 0,
      checkpoint text
    )`,
    'CREATE INDEX ON log (shard)',
    'CREATE TABLE gap (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, log text NOT NULL, start bigint NOT NULL, stop bigint, gap text NOT NULL)',
    'CREATE UNIQUE INDEX ON gap (log, start, (coalesce(stop, -1)))',
    'CREATE TABLE evidence (n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, log text NOT NULL, evidence text NOT NULL)',
    'CREATE TABLE list (url text PRIMARY KEY, body bytea NOT NULL, etag text, last_modified text, fetched_at bigint NOT NULL)',
    'CREATE TABLE issuer (fingerprint text PRIMARY KEY, der bytea NOT NULL, used timestamptz NOT NULL)',
    'CREATE SEQUENCE certificate_number',
    `CREATE TABLE certificate (
      part smallint NOT NULL,
      id bigint NOT NULL,
      sha256 bytea NOT NULL,
      issuance bytea,
      issuer text NOT NULL,
      serial text,
      not_before timestamptz,
      not_after timestamptz,
      precert boolean NOT NULL,
      first_log integer NOT NULL,
      first_index bigint NOT NULL,
      first_seen timestamptz NOT NULL,
      der bytea,
      PRIMARY KEY (part, id),
      UNIQUE (part, sha256)
    ) PARTITION BY LIST (part)`,
    ...partNumbers.map((part) => `CREATE TABLE certificate_${part} PARTITION OF certificate FOR VALUES IN (${part})`),
    `CREATE TABLE entry (log integer NOT NULL, idx bigint NOT NULL, ts timestamptz, cert bigint, PRIMARY KEY (log, idx))`,
    // Reversed, so that the names below a domain are adjacent in the index.
    'CREATE TABLE name (rev text COLLATE "C" NOT NULL, cert bigint NOT NULL, first_seen timestamptz NOT NULL)',
    'CREATE INDEX name_rev ON name (rev, first_seen)',
    'CREATE TABLE name_first (rev text COLLATE "C" PRIMARY KEY, first_seen timestamptz NOT NULL, cert bigint NOT NULL)',
    'CREATE INDEX name_first_seen ON name_first (first_seen)',
  ],
  [
    // Entries for processors, as their log hashed them. Each was written once between `queue_from` and `queue_to` of its log.
    `CREATE TABLE queued (
      log integer NOT NULL,
      idx bigint NOT NULL,
      epoch bigint NOT NULL,
      flags smallint NOT NULL,
      hash bytea NOT NULL,
      leaf bytea,
      added timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (log, idx)
    ) WITH (toast_tuple_target = 8160)`,
    // Certificates hardly compress: trying costs more than the disk space.
    'ALTER TABLE queued ALTER COLUMN leaf SET STORAGE EXTERNAL',
    'ALTER TABLE log ADD COLUMN queue_from bigint, ADD COLUMN queue_to bigint',
    // The watermarks of each group of processors, and which processor works on which log.
    `CREATE TABLE watermark (
      grp text NOT NULL,
      log text NOT NULL,
      epoch bigint NOT NULL,
      next bigint NOT NULL,
      owner text,
      fence bigint NOT NULL DEFAULT 0,
      until timestamptz,
      PRIMARY KEY (grp, log)
    )`,
    'CREATE TABLE processor (grp text NOT NULL, name text NOT NULL, seen timestamptz NOT NULL, PRIMARY KEY (grp, name))',
    `CREATE TABLE missed (
      grp text NOT NULL,
      log text NOT NULL,
      start bigint NOT NULL,
      stop bigint NOT NULL,
      reason text NOT NULL,
      recorded timestamptz NOT NULL DEFAULT now(),
      PRIMARY KEY (grp, log, start)
    )`,
    // The ranges read of each log; they may touch and overlap.
    'CREATE TABLE coverage (log text NOT NULL, start bigint NOT NULL, stop bigint NOT NULL, PRIMARY KEY (log, start))',
    // The key of an entry is `<log>-<index>`.
    `CREATE TABLE parked (
      grp text NOT NULL,
      key text NOT NULL,
      log text,
      idx bigint,
      module text NOT NULL,
      message text NOT NULL,
      failures integer NOT NULL DEFAULT 1,
      parked timestamptz NOT NULL DEFAULT now(),
      flags smallint,
      hash bytea,
      body bytea,
      replay boolean NOT NULL DEFAULT false,
      until timestamptz,
      PRIMARY KEY (grp, key)
    )`,
  ],
  BACKFILL_TABLES,
  BACKFILL_QUEUE,
  [
    // Groups of processors, and when they began: one that wants what comes from now on may do so before there is any log.
    'CREATE TABLE queue_group (grp text PRIMARY KEY, began timestamptz NOT NULL)',
    'INSERT INTO queue_group SELECT grp, clock_timestamp() FROM (SELECT grp FROM watermark UNION SELECT grp FROM processor) AS known',
  ],
  [
    // Which logs have sent an issuer; the source '' is a stream that has fetched it, and so are all that have none.
    `CREATE TABLE issuer_source (
      fingerprint text NOT NULL REFERENCES issuer (fingerprint) ON DELETE CASCADE,
      source text NOT NULL,
      PRIMARY KEY (fingerprint, source)
    )`,
  ],
]

/** The version this library makes. */
export const SCHEMA_VERSION = migrations.length

/**
 * Makes the tables, or brings those of an earlier version up to date: in one transaction, one process at a time.
 *
 * @param session - In a transaction.
 * @throws {@link CtStreamError} `CT_CHECKPOINT_VERSION` when a newer version made them.
 */
export async function migrate(session: Session, { schema, schemaSql, shown }: PostgresTarget): Promise<void> {
  // A lock of the transaction: it is released with it, even when the connection is pooled.
  await session.query('SELECT pg_advisory_xact_lock(hashtext($1))', [`ct-stream ${schema}`])
  const [found] = await session.query<{ there: boolean }>('SELECT to_regclass($1) IS NOT NULL AS there', [
    `${schemaSql}.version`,
  ])
  if (found?.there !== true) {
    await session.query(`CREATE SCHEMA IF NOT EXISTS ${schemaSql}`)
    await session.query('CREATE TABLE version (version integer NOT NULL)')
    await session.query('INSERT INTO version VALUES (0)')
  }
  const [row] = await session.query<{ version: number }>('SELECT version FROM version')
  const version = row?.version ?? 0
  if (version > SCHEMA_VERSION)
    throw new CtStreamError(
      'CT_CHECKPOINT_VERSION',
      `${shown}: schema ${schema} has version ${version}, and this version of ct-stream knows ${SCHEMA_VERSION}: update it`,
      { actual: version, expected: SCHEMA_VERSION },
    )
  if (version === SCHEMA_VERSION) return
  const patient = await withoutTimeLimit(session)
  for (const statement of migrations.slice(version).flat()) await patient.query(statement)
  await session.query('UPDATE version SET version = $1', [SCHEMA_VERSION])
}
