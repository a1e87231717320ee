import { z } from 'zod'
import { bytes, count, LogInfo, ms, named, time } from './schemas.js'

/** Shapes of answers about a cluster, as those of `schemas.ts`. */

export const Shard = named(
  'Shard',
  'Logs that one process reads at a time.',
  z.strictObject({
    name: z.string(),
    owner: z.string().nullable().describe('member that has it; null: nobody'),
    epoch: count.describe('grows with every owner'),
    until: time.nullable().describe('when the lease of the owner ends, by the clock of the database'),
    logs: z.array(
      z.strictObject({
        ...{ id: z.string(), description: z.string(), operator: z.string(), url: z.string() },
        position: count.nullable().describe('index of the first entry that is not in the database'),
        verifiedSize: count.nullable(),
      }),
    ),
  }),
)

export const Member = named(
  'Member',
  'A process that takes part.',
  z.strictObject({ name: z.string(), silentMs: ms.describe('milliseconds since it was heard of'), shards: count }),
)

export const Backfill = named(
  'Backfill',
  'A stretch of one log that processes read together.',
  z.strictObject({
    id: z.string(),
    log: LogInfo,
    start: count.describe('first index, inclusive'),
    end: count.describe('exclusive'),
    step: count.describe('ranges begin at multiples of it'),
    treeSize: count.describe('of the head that all of it is proven to be a part of'),
    state: z.enum(['running', 'done', 'failed']),
    reason: z.string().nullable().describe('why it failed'),
    createdAt: time,
    endedAt: time.nullable(),
    ranges: count,
    rangesDone: count,
    entries: count.describe('entries in the database'),
  }),
)

const IndexRange = named(
  'IndexRange',
  'Indexes of entries.',
  z.strictObject({ start: count.describe('first index, inclusive'), end: count.describe('exclusive') }),
)

export const Coverage = named(
  'Coverage',
  'What of a log was read into the database. What a filter left out counts as read.',
  z.strictObject({
    log: LogInfo,
    range: IndexRange.describe('from the first entry that was read to the last'),
    covered: z.array(IndexRange),
    missing: z.array(IndexRange).describe('the rest of the range'),
  }),
)

export const Group = named(
  'Group',
  'Processors that share their work, and how far they are.',
  z.strictObject({
    name: z.string(),
    lag: count.describe('of all its logs'),
    logs: z
      .array(
        z.strictObject({
          ...{ id: z.string(), description: z.string(), operator: z.string(), url: z.string() },
          next: count.describe('index of the first entry that is not acknowledged'),
          end: count.describe('exclusive end of what the engine has'),
          lag: count.describe('entries in between, at most: a collector may have left some out'),
        }),
      )
      .describe('a log is there again for each backfilled range that the group is not finished with'),
  }),
)

export const Parked = named(
  'Parked',
  'An entry that processors have set aside, so that the rest could go on.',
  z.strictObject({
    group: z.string(),
    key: z.string().describe('by which `ct-stream parked` replays or drops it'),
    logId: z.string().nullable(),
    index: count.nullable(),
    by: z.string().describe('module that failed on it; queue: it could not be read'),
    message: z.string(),
    failures: count,
    parkedAt: time,
    bytes,
    isReplayed: z.boolean().describe('whether it is to be tried again'),
  }),
)
