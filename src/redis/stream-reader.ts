import { CtStreamError } from '../errors.js'
import type { RedisConnection } from './connection.js'
import type { RedisLink } from './link.js'

/** An entry of a stream: its fields are headers, and `body`. */
export interface StreamEntry {
  readonly id: string
  /** Names and values, of long ones the beginning. */
  readonly headers: readonly (readonly [string, string])[]
  readonly body: Uint8Array
}

/** What a stream has; ids are `undefined` when there is none. */
export interface StreamPage {
  readonly entries: readonly StreamEntry[]
  /** Of the first entry that is left. */
  readonly firstId: string | undefined
  /** The last one that was given, even if that entry is gone. */
  readonly lastId: string | undefined
  /** Whether nothing came behind these entries; otherwise they were cut at the most that a page has. */
  readonly isAll: boolean
}

/** Of a header: longer than any of this library. */
const LONGEST = 1024
/** How long one call waits for what comes. Milliseconds; below the deadline of a step. */
const BLOCK_MS = 5000

/** Most bytes of bodies in a page, but for what the last part of it brings. */
const MAX_PAGE_BYTES = 2 ** 23
/** Entries of the first part, and most of another: with messages of 900 kB these are 7 and 58 MB. */
const FIRST_PART = 8
const MOST_IN_PART = 64

/**
 * Entries of a stream behind an id, `limit` at most, and no more than some MiB: `XRANGE` counts entries alone, so they are read in parts, which
 * become smaller as entries are larger.
 */
export async function readStream(
  connection: RedisConnection,
  stream: string,
  afterId: string,
  limit: number,
): Promise<StreamPage> {
  let count = Math.min(limit, FIRST_PART)
  const page = await readPart(connection, stream, afterId, count)
  const entries = [...page.entries]
  let { lastId } = page
  let isAll = entries.length < count
  for (let bytes = bytesOf(entries); !isAll && entries.length < limit; ) {
    const room = Math.floor(((MAX_PAGE_BYTES - bytes) * entries.length) / Math.max(1, bytes))
    count = Math.min(limit - entries.length, MOST_IN_PART, room)
    const last = entries.at(-1)
    if (count < 1 || last === undefined) break
    const part = await readPart(connection, stream, last.id, count)
    // What was trimmed is missing at the beginning of a page: here it would be a hole that nobody notices.
    if (mayFollowHole(part, last.id)) break
    entries.push(...part.entries)
    bytes += bytesOf(part.entries)
    lastId = part.lastId
    isAll = part.entries.length < count
  }
  return { entries, firstId: page.firstId, lastId, isAll }
}

/** Whether entries between an id and what was read behind it may have been trimmed before that. */
function mayFollowHole({ entries, firstId, lastId }: Omit<StreamPage, 'isAll'>, afterId: string): boolean {
  const [first] = entries
  // Nothing is left behind it, or nothing came: the id that was given last says which.
  if (first === undefined) return lastId !== afterId
  return firstId === undefined || !isBefore(firstId, first.id)
}

function isBefore(one: string, other: string): boolean {
  const [[ms, n], [otherMs, otherN]] = [partsOf(one), partsOf(other)]
  return ms < otherMs || (ms === otherMs && n < otherN)
}

/** Both are of up to 64 bits. */
function partsOf(id: string): readonly [bigint, bigint] {
  const [ms = '0', n = '0'] = id.split('-')
  return [BigInt(ms), BigInt(n)]
}

const bytesOf = (entries: readonly StreamEntry[]) => entries.reduce((sum, { body }) => sum + body.length, 0)

/**
 * Entries of a stream behind an id, and then the ends of the stream; not in a transaction, for a full server refuses those.
 *
 * What is trimmed in between is at the beginning: an entry that is there, and was not behind the id, came later.
 */
async function readPart(
  connection: RedisConnection,
  stream: string,
  afterId: string,
  limit: number,
): Promise<Omit<StreamPage, 'isAll'>> {
  // In one tick: one comes right after the other.
  const [found, facts] = await Promise.all([
    connection.sendForBytes('read entries', ['XRANGE', stream, `(${afterId}`, '+', 'COUNT', String(limit)]),
    connection.sendForBytes('read entries', ['XINFO', 'STREAM', stream]).catch(whenMissing),
  ])
  const entries = (found as readonly RawEntry[]).map(entryOf)
  if (!Array.isArray(facts)) return { entries, firstId: undefined, lastId: undefined }
  const named = new Map(facts.flatMap((name, i) => (i % 2 === 0 ? [[String(name), facts[i + 1] as unknown]] : [])))
  const first = named.get('first-entry')
  return {
    entries,
    firstId: Array.isArray(first) ? String(first[0]) : undefined,
    lastId: String(named.get('last-generated-id')),
  }
}

/** No such stream: nothing was written yet, or the server has lost it. */
function whenMissing(error: unknown): undefined {
  if (error instanceof Error && error.cause instanceof Error && /^ERR no such key/.test(error.cause.message)) return
  throw error
}

/**
 * Waits until one of several streams has something behind an id, for some seconds at most.
 *
 * @param link - Used here alone: nothing else is answered meanwhile.
 * @returns Of each that has: the id of the first entry there.
 */
export async function awaitEntries(link: RedisLink, after: ReadonlyMap<string, string>): Promise<Map<string, string>> {
  const command = [
    'XREAD',
    ...['COUNT', '1', 'BLOCK', String(BLOCK_MS)],
    ...['STREAMS', ...after.keys(), ...after.values()],
  ]
  const found = await link.use((connection) => connection.sendForBytes('wait for entries', command))
  const streams = (found ?? []) as readonly (readonly [Buffer, readonly RawEntry[]])[]
  return new Map(streams.map(([stream, entries]) => [String(stream), String(entries[0]?.[0])]))
}

type RawEntry = readonly [id: Buffer, fields: readonly Buffer[] | null]

function entryOf([id, flat]: RawEntry): StreamEntry {
  const headers: (readonly [string, string])[] = []
  let body: Uint8Array | undefined
  const fields = flat ?? []
  for (let i = 0; i + 1 < fields.length; i += 2) {
    const name = shortText(fields[i])
    if (name === 'body') body ??= fields[i + 1]
    else headers.push([name, shortText(fields[i + 1])])
  }
  return { id: String(id), headers, body: body ?? new Uint8Array(0) }
}

/** ASCII in messages of this library. */
const shortText = (bytes: Buffer | undefined) => bytes?.toString('latin1', 0, Math.min(bytes.length, LONGEST)) ?? ''

/** Whether an error says that the connection was closed by ourselves. */
export const isClosed = (error: unknown): boolean => CtStreamError.is(error) && error.code === 'CT_CLOSED'
