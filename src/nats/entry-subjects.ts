import { type DescribedLog, readLog } from '../checkpoint/log-record.js'
import { fromBase64 } from '../util/bytes.js'
import type { NatsAddress } from './address.js'
import type { NatsConnection } from './connection.js'
import { subjectToken } from './subject-token.js'

/** The entries of one log in the stream of one shard. */
export interface EntrySubject {
  /** Unique in its prefix: the unit, and the log. */
  readonly key: string
  readonly stream: string
  readonly unit: string
  readonly subject: string
  readonly logId: string
}

/** An entry in its stream. */
export interface EntryPlace {
  readonly sequence: number
  /** `undefined` where the message does not say. */
  readonly index: number | undefined
}

/** First and last number that a stream has; a stream without messages: the first that is to come, and the one before. */
export interface StreamBounds {
  readonly first: number
  readonly last: number
}

/** All that sinks with this prefix have written so far. @throws what the client throws. */
export async function entrySubjects(
  connection: NatsConnection,
  { prefix }: NatsAddress,
): Promise<readonly EntrySubject[]> {
  const found: EntrySubject[] = []
  for await (const stream of connection.manager.streams.names(`${prefix}.*.entries.>`)) {
    if (!stream.startsWith(`${prefix}_`)) continue
    const unit = stream.slice(prefix.length + 1)
    const below = `${prefix}.${unit}.entries.`
    const { state } = await connection.manager.streams.info(stream, { subjects_filter: `${below}>` })
    for (const subject of Object.keys(state.subjects ?? {})) {
      const logId = Buffer.from(subject.slice(below.length), 'base64url').toString()
      // Others may have written there, too.
      if (fromBase64(logId)?.length !== 32) continue
      found.push({ key: `${unit}.${subjectToken(logId)}`, stream, unit, subject, logId })
    }
  }
  return found
}

/** Of a log whose key is known, whether or not there are messages of it any more. `undefined`: it is no such key. */
export function subjectOfKey({ prefix }: NatsAddress, key: string): EntrySubject | undefined {
  const [, unit, token = ''] = /^(.+)\.([^.]+)$/.exec(key) ?? []
  const logId = Buffer.from(token, 'base64url').toString()
  if (unit === undefined || fromBase64(logId)?.length !== 32) return undefined
  return { key, stream: `${prefix}_${unit}`, unit, subject: `${prefix}.${unit}.entries.${token}`, logId }
}

/** The log and its position, as its collector has them; `undefined`: none has, or not yet. @throws what the client throws. */
export async function describedLog(
  connection: NatsConnection,
  { prefix }: NatsAddress,
  { stream, unit, logId }: EntrySubject,
): Promise<DescribedLog | undefined> {
  const subject = `${prefix}.${unit}.state.${subjectToken(`log:${logId}`)}`
  const record = await connection.manager.streams.getMessage(stream, { last_by_subj: subject })
  try {
    return record === null ? undefined : readLog(Buffer.from(record.data).toString('utf8'))
  } catch {
    // Whoever writes there says so, more loudly.
    return undefined
  }
}

/** @throws what the client throws. */
export async function streamBounds(connection: NatsConnection, stream: string): Promise<StreamBounds> {
  const { state } = await connection.manager.streams.info(stream)
  return { first: state.first_seq, last: state.last_seq }
}

/**
 * One entry: the first from a number on, that with a number, or the last. `undefined`: there is none.
 *
 * @throws what the client throws.
 */
export async function findEntry(
  connection: NatsConnection,
  { stream, subject }: EntrySubject,
  which: { readonly from: number } | { readonly at: number } | 'last',
): Promise<EntryPlace | undefined> {
  const query =
    which === 'last'
      ? { last_by_subj: subject }
      : 'at' in which
        ? { seq: which.at }
        : { seq: Math.max(1, which.from), next_by_subj: subject }
  const found = await connection.manager.streams.getMessage(stream, query as never)
  if (found === null || found.subject !== subject) return undefined
  const index = Number(found.header?.get('ct-index') || Number.NaN)
  return { sequence: found.seq, index: Number.isSafeInteger(index) && index >= 0 ? index : undefined }
}

/** The number from which on all entries from an index on are. Entries are in the order of their indexes. */
export async function sequenceOf(
  connection: NatsConnection,
  entries: EntrySubject,
  index: number,
  { first, last }: StreamBounds,
): Promise<number> {
  let [low, high] = [first, last + 1]
  while (low < high) {
    const middle = Math.floor((low + high) / 2)
    const found = await findEntry(connection, entries, { from: middle })
    if (found === undefined || (found.index ?? -1) >= index) high = middle
    else low = found.sequence + 1
  }
  return low
}
