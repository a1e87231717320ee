import { addChecksums } from './sqlite-checksums.js'
import type { SqliteDatabase } from './sqlite-driver.js'

/** `CTST`: marks a SQLite file as ours (the application id at byte 68 of its header). */
export const APPLICATION_ID = 0x43545354

/** One step forward; it runs in a transaction with the change of `user_version`. */
export interface Migration {
  /** The `user_version` the file has afterwards: 1, 2, 3, … */
  readonly version: number
  readonly sql: string
  /** Code to run after the SQL, for what SQL cannot do. */
  readonly finish?: (db: SqliteDatabase, path: string) => void
}

/** All steps, oldest first. A step that was released is never edited: add one. */
export const migrations: readonly Migration[] = [
  {
    version: 1,
    sql: `
      PRAGMA application_id = ${APPLICATION_ID};

      CREATE TABLE log (
        id             TEXT    NOT NULL PRIMARY KEY, -- base64 log id
        description    TEXT    NOT NULL,
        operator       TEXT    NOT NULL,
        kind           TEXT    NOT NULL,             -- 'rfc6962' or 'static-ct'
        url            TEXT    NOT NULL,
        position       INTEGER NOT NULL,             -- first entry not acknowledged
        range          BLOB,                         -- 32 bytes a hash, largest subtree first; NULL: not verified
        head_size      INTEGER,                      -- the verified head: four columns, or four NULLs
        head_timestamp INTEGER,
        head_root      BLOB,
        head_signature BLOB,
        learned        TEXT    NOT NULL              -- JSON
      ) STRICT;

      CREATE TABLE pending_head (                    -- seen, not yet verified
        log_id    TEXT    NOT NULL REFERENCES log (id),
        ordinal   INTEGER NOT NULL,                  -- 0 is the oldest
        size      INTEGER NOT NULL,
        timestamp INTEGER NOT NULL,
        root      BLOB    NOT NULL,
        signature BLOB    NOT NULL,
        PRIMARY KEY (log_id, ordinal)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE gap (
        id          INTEGER PRIMARY KEY,
        log_id      TEXT    NOT NULL,
        log         TEXT    NOT NULL,                -- JSON: the log as it was known then
        first       INTEGER NOT NULL,                -- inclusive
        past        INTEGER,                         -- exclusive; NULL: unknown
        reason      TEXT    NOT NULL,
        recorded_at INTEGER NOT NULL
      ) STRICT;
      CREATE UNIQUE INDEX gap_once ON gap (log_id, first, ifnull(past, -1));

      CREATE TABLE evidence (
        id          INTEGER PRIMARY KEY,
        log_id      TEXT    NOT NULL,
        log         TEXT    NOT NULL,                -- JSON: the log as it was known then
        code        TEXT    NOT NULL,
        message     TEXT    NOT NULL,
        detail      TEXT    NOT NULL,                -- JSON
        recorded_at INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE issuer (
        fingerprint TEXT NOT NULL PRIMARY KEY,       -- hex SHA-256 of the DER
        der         BLOB NOT NULL
      ) STRICT;

      CREATE TABLE list (
        url           TEXT    NOT NULL PRIMARY KEY,
        body          BLOB    NOT NULL,
        etag          TEXT,
        last_modified TEXT,
        fetched_at    INTEGER NOT NULL
      ) STRICT;

      CREATE TABLE owner (                           -- the stream that has the file open; says who, locks nothing
        one   INTEGER PRIMARY KEY CHECK (one = 1),
        pid   INTEGER NOT NULL,
        host  TEXT    NOT NULL,
        since INTEGER NOT NULL
      ) STRICT;
    `,
  },
  {
    version: 2,
    sql: `
      ALTER TABLE log ADD COLUMN checksum TEXT NOT NULL DEFAULT ''; -- of the row and its pending heads
      ALTER TABLE owner ADD COLUMN token TEXT NOT NULL DEFAULT '';  -- every write looks for it: one stream, whatever the lock
    `,
    // The only place where rows without a checksum are trusted.
    finish: addChecksums,
  },
  {
    version: 3,
    sql: `
      ALTER TABLE gap ADD COLUMN delivered INTEGER; -- exclusive; NULL: nothing of it was, after all
    `,
  },
  {
    version: 4,
    sql: `
      CREATE TABLE condition (                       -- of every log of the last stream, also of one that was never reached
        log_id        TEXT    NOT NULL PRIMARY KEY,
        log           TEXT    NOT NULL,              -- JSON
        state         TEXT    NOT NULL,
        failing_since INTEGER,                       -- NULL: all is well
        next_retry_at INTEGER,
        waits_for     TEXT,                          -- JSON; NULL: nothing keeps it from its end
        error_code    TEXT,
        error_message TEXT,
        recorded_at   INTEGER NOT NULL
      ) STRICT;
    `,
  },
]
