import { PARKED_HEADER, type ParkedFacts, parkedFacts, parkedText } from '../checkpoint/parked-record.js'
import type { ParkedEntry } from '../types/queue.js'
import type { LastMessage, NatsConnection } from './connection.js'
import type { GroupStream } from './group-stream.js'
import { subjectToken } from './subject-token.js'

/** An entry that is set aside. */
export interface NatsParkedEntry extends ParkedEntry {
  /** Of the log in whose subject it was: its processor replays it. */
  readonly place: string
}

/** The message that is set aside, as it was or would have been written. */
interface ParkedMessage {
  readonly headers: readonly (readonly [string, string | Buffer])[]
  readonly body: Uint8Array
}

const subjectOf = ({ base }: GroupStream, key: string) => `${base}.parked.${subjectToken(key)}`

/** In the order in which they were set aside. @throws what the client throws. */
export async function listParked(connection: NatsConnection, stream: GroupStream): Promise<readonly NatsParkedEntry[]> {
  const all = await connection.lastMessages(stream.name, `${stream.base}.parked.>`)
  return all
    .map((found) => entryOf(found))
    .filter((entry) => entry !== undefined)
    .sort((a, b) => a.parkedAt.getTime() - b.parkedAt.getTime())
}

/** @throws what the client throws. */
export async function readParked(
  connection: NatsConnection,
  stream: GroupStream,
  key: string,
): Promise<{ readonly entry: NatsParkedEntry; readonly message: ParkedMessage } | undefined> {
  const found = await connection.lastMessage(stream.name, subjectOf(stream, key))
  const entry = found && entryOf(found)
  if (found === undefined || entry === undefined) return undefined
  return { entry, message: { headers: found.headers.filter(([name]) => name !== PARKED_HEADER), body: found.body } }
}

/**
 * @param entry - `parkedAt`: `undefined` for now, by the server's clock.
 * @throws what the client throws.
 */
export async function putParked(
  connection: NatsConnection,
  stream: GroupStream,
  entry: Omit<NatsParkedEntry, 'bytes' | 'parkedAt'> & { readonly parkedAt: Date | undefined },
  { headers, body }: ParkedMessage,
): Promise<void> {
  const said = parkedText({ ...entry, parkedAt: entry.parkedAt ?? new Date(0) } as ParkedFacts)
  const named = headers.map(([name, value]) => [name, String(value)] as const)
  const subject = subjectOf(stream, entry.key)
  await connection.put({ subject, headers: { ...Object.fromEntries(named), [PARKED_HEADER]: said }, body })
}

/** Does nothing where there is none. @throws what the client throws. */
export async function removeParked(connection: NatsConnection, stream: GroupStream, key: string): Promise<void> {
  await connection.manager.streams.purge(stream.name, { filter: subjectOf(stream, key) })
}

/** Tells the processors of the group that something is to be replayed. @throws what the client throws. */
export async function noticeReplay(connection: NatsConnection, stream: GroupStream): Promise<void> {
  await connection.put({ subject: `${stream.base}.live.${REPLAY}`, headers: {}, body: Buffer.from('true') })
}

/** The key of the record that changes when something is to be replayed. */
export const REPLAY = 'replay'

/** `undefined` for a message that is not of this library: it is left where it is. */
function entryOf({ header, body, time }: LastMessage): NatsParkedEntry | undefined {
  const said = header(PARKED_HEADER)
  const facts = parkedFacts(said)
  if (facts === undefined) return undefined
  const parkedAt = facts.parkedAt.getTime() > 0 ? facts.parkedAt : new Date(time)
  return { ...facts, parkedAt, place: String(JSON.parse(said).place), bytes: body.length }
}
