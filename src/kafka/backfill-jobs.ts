import { hasTooManyRanges, type NewBackfill, rangeCheckpoint, rangesOf } from '../checkpoint/backfill-ranges.js'
import { checkpointFromJSON, checkpointToJSON } from '../checkpoint/checkpoint-json.js'
import { CtStreamError } from '../errors.js'
import type { BackfillJob } from '../types/backfill.js'
import type { SignedHead } from '../types/log.js'
import { harmless } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import type { CommittedRecord } from './committed-records.js'

/** Key of the record by which a backfill begins. */
export const BEGUN = 'begun'
/** Key of the record by which a backfill ends. */
export const ENDED = 'ended'

/** By which a backfill begins. @param now - Epoch milliseconds. */
export function begunValue(job: NewBackfill, now: number): object {
  const { start, end, step, isOpen = false } = job
  const first = checkpointToJSON(rangeCheckpoint(job, 0))
  return { first, start, end, step, at: now, ...(isOpen && { open: true }) }
}

/** By which a backfill ends. @param reason - Why it failed. @param now - Epoch milliseconds. */
export function endedValue({ id, rangesDone, entries }: BackfillJob, reason: string | undefined, now: number): object {
  return { id, reason: reason ?? null, rangesDone, entries, at: now }
}

/**
 * The backfills that a list of records tells of, in the order in which they began. While one is running, another of the same entries is none, nor is an
 * open one from the same index; the first end of each counts.
 *
 * @returns Of those that are running, `rangesDone` and `entries` are 0.
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for what another program has written.
 */
export function backfillJobs(topic: string, records: Iterable<CommittedRecord>): BackfillJob[] {
  const jobs = new Map<string, BackfillJob>()
  for (const { offset, key, value } of records) {
    try {
      const found = JSON.parse(String(value)) as Record<string, unknown>
      if (String(key) === BEGUN) {
        const job = begunJob(String(offset + 1n), found)
        const isOpen = found.open === true
        if (![...jobs.values()].some((other) => isRunningSame(other, job, isOpen))) jobs.set(job.id, job)
      } else if (String(key) === ENDED) {
        const job = jobs.get(String(found.id))
        if (job?.state === 'running') jobs.set(job.id, endedJob(job, found))
      } else throw new TypeError(`a key that is neither ${BEGUN} nor ${ENDED}`)
    } catch (cause) {
      throw new CtStreamError(
        'CT_CHECKPOINT_UNUSABLE',
        `the Kafka topic ${topic} has a record that is of no backfill (${messageOf(cause)}): use another prefix in the URL`,
        { cause },
      )
    }
  }
  return [...jobs.values()]
}

function begunJob(id: string, { first, start, end, step, at }: Record<string, unknown>): BackfillJob {
  const { log, verifiedHead } = checkpointFromJSON(first)
  const bounds = { start: integer(start), end: integer(end), step: integer(step) }
  if (bounds.step === 0 || bounds.end <= bounds.start) throw new TypeError('a range without entries')
  if (hasTooManyRanges(bounds)) throw new TypeError('more ranges than there can be')
  return {
    ...{ id, log, ...bounds, head: verifiedHead as SignedHead },
    ...{ state: 'running', reason: undefined, createdAt: new Date(integer(at)), endedAt: undefined },
    ...{ ranges: rangesOf(bounds.start, bounds.end, bounds.step).length, rangesDone: 0, entries: 0 },
  }
}

function endedJob(job: BackfillJob, { reason, rangesDone, entries, at }: Record<string, unknown>): BackfillJob {
  const counts = { rangesDone: integer(rangesDone), entries: integer(entries) }
  const endedAt = new Date(integer(at))
  return { ...job, ...counts, endedAt, ...(reason === null ? { state: 'done' } : failed(String(reason))) }
}

const failed = (reason: string) => ({ state: 'failed', reason: harmless(reason) }) as const

const isRunningSame = (one: BackfillJob, other: BackfillJob, isOpen: boolean): boolean =>
  one.state === 'running' &&
  one.log.id === other.log.id &&
  one.start === other.start &&
  (isOpen || one.end === other.end)

function integer(value: unknown): number {
  if (!Number.isSafeInteger(value) || (value as number) < 0) throw new TypeError('a number that is no index')
  return value as number
}
