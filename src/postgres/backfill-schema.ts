/** Backfill jobs, and the ranges of one log that each consists of: a range is a unit with a lease, like a shard. */
export const BACKFILL_TABLES: readonly string[] = [
  // `state`: running, done, failed. `head`: the signed head that all entries are proven against, as JSON.
  `CREATE TABLE backfill (
    n bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    log text NOT NULL,
    info text NOT NULL,
    start bigint NOT NULL,
    stop bigint NOT NULL,
    step bigint NOT NULL,
    head text NOT NULL,
    state text NOT NULL DEFAULT 'running',
    reason text,
    created timestamptz NOT NULL DEFAULT clock_timestamp(),
    ended timestamptz
  )`,
  // One running job for the same entries: asking for it again joins it.
  `CREATE UNIQUE INDEX ON backfill (log, start, stop) WHERE state = 'running'`,
  `ALTER TABLE shard ADD COLUMN backfill bigint REFERENCES backfill (n) ON DELETE CASCADE`,
  // `before`: base64 hashes of the proven compact range at \`start\`; that at the end is in the checkpoint.
  `CREATE TABLE backfill_range (
    unit text PRIMARY KEY REFERENCES shard (name) ON DELETE CASCADE,
    backfill bigint NOT NULL REFERENCES backfill (n) ON DELETE CASCADE,
    log text NOT NULL,
    start bigint NOT NULL,
    stop bigint NOT NULL,
    position bigint NOT NULL,
    before text,
    checkpoint text NOT NULL,
    UNIQUE (backfill, start)
  )`,
]

/**
 * Ranges whose entries are in the queue. A group reads each as it reads a log: with a watermark of its own, whose `log` is the unit of the
 * range.
 */
export const BACKFILL_QUEUE: readonly string[] = [
  'ALTER TABLE backfill_range ADD COLUMN queued boolean NOT NULL DEFAULT false',
  // Where a group began with a log: everything from there on comes with the log itself. Of older groups it is not known any more.
  'ALTER TABLE watermark ADD COLUMN began bigint NOT NULL DEFAULT 0',
  'UPDATE watermark SET began = coalesce((SELECT least(next, queue_from) FROM log WHERE id = watermark.log), 0)',
]
