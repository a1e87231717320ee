import { parkedFacts, parkedText } from '../checkpoint/parked-record.js'
import type { ParkedEntry } from '../types/queue.js'
import type { RedisAddress } from './address.js'
import { evalCommand } from './group.js'
import { type GroupKeys, groupKeys, groupsKey } from './group-keys.js'
import { FORGET, MARK_REPLAYS, PARK, TAKE_REPLAY } from './group-scripts.js'
import type { RedisLink } from './link.js'

/** What is set aside, beside its body. */
export interface RedisParked extends Pick<ParkedEntry, 'key' | 'by' | 'message' | 'logId' | 'index'> {
  /** In which it was; `undefined` where that is not known. */
  readonly stream: string | undefined
  /** Of the message. */
  readonly headers: readonly (readonly [string, string])[]
}

/** An entry to replay. */
export interface RedisReplay {
  readonly key: string
  readonly index: number | undefined
  /** In which it was. */
  readonly stream: string | undefined
  readonly message: { readonly headers: RedisParked['headers']; readonly body: Buffer }
}

/** Keys of a call, so that none of them takes long. */
const KEYS_AT_ONCE = 1000

/** Sets an entry aside. @param isReplay - Whether this is its replay, which failed again. */
export async function putParked(
  link: RedisLink,
  keys: GroupKeys,
  group: string,
  entry: RedisParked & { readonly body: Uint8Array },
  isReplay: boolean,
): Promise<void> {
  const { key, body, by, message, logId, index, stream, headers } = entry
  const place = { group, key, logId, index, stream }
  // The script knows better how often, and when.
  const counted = { failures: 1, parkedAt: new Date(0), isReplayed: false }
  const facts = parkedText({ ...place, ...counted, by, message, headers, bytes: body.length })
  const values = [key, facts, Buffer.from(body.buffer, body.byteOffset, body.length), isReplay ? '1' : '0']
  const command = evalCommand(PARK, [keys.parked, keys.bodies, keys.replays], values)
  await link.use((connection) => connection.send('park an entry', command))
}

/** The next entry to replay, reserved for a while by the server's clock. */
export async function takeReplay(link: RedisLink, keys: GroupKeys, forMs: number): Promise<RedisReplay | undefined> {
  const command = evalCommand(TAKE_REPLAY, [keys.parked, keys.bodies, keys.replays], [String(forMs)])
  const answer = await link.use((connection) => connection.sendForBytes('look for replays', command))
  const [key, value, body] = answer as readonly Buffer[]
  if (key === undefined || value === undefined || body === undefined) return undefined
  const text = String(value).replace(/^\d+ \d+ /, '')
  const facts = parkedFacts(text)
  // Another program's: it stays where it is.
  if (facts === undefined) return undefined
  const { stream, headers } = moreOf(text)
  return { key: String(key), index: facts.index, stream, message: { headers, body } }
}

/** Forgets parked entries. @param chosen - Default: all of the group. @returns How many there were. */
export function forgetParked(link: RedisLink, keys: GroupKeys, chosen?: readonly string[]): Promise<number> {
  return inChunks(link, keys, chosen, 'forget parked entries', FORGET, [keys.parked, keys.bodies, keys.replays])
}

/** Asks for replays. @param chosen - Default: all of the group. @returns How many there are. */
export function markReplays(link: RedisLink, keys: GroupKeys, chosen?: readonly string[]): Promise<number> {
  return inChunks(link, keys, chosen, 'ask for replays', MARK_REPLAYS, [keys.parked, keys.replays, keys.bell])
}

/** All that groups have set aside, the latest first. @param group - Default: all groups. */
export async function listParked(link: RedisLink, address: RedisAddress, group?: string): Promise<ParkedEntry[]> {
  const groups = group === undefined ? await allGroups(link, address) : [group]
  const found: ParkedEntry[] = []
  for (const one of groups) found.push(...(await parkedOf(link, groupKeys(address, one), one)))
  return found.sort((a, b) => b.parkedAt.getTime() - a.parkedAt.getTime())
}

async function allGroups(link: RedisLink, { prefix }: RedisAddress): Promise<readonly string[]> {
  const command = ['SMEMBERS', groupsKey(prefix)]
  return (await link.use((connection) => connection.send('list the groups', command))) as readonly string[]
}

async function parkedOf(link: RedisLink, keys: GroupKeys, group: string): Promise<ParkedEntry[]> {
  const range = ['ZRANGE', keys.replays, '0', '-1']
  const replays = new Set((await link.use((connection) => connection.send('list replays', range))) as string[])
  const found = new Map<string, ParkedEntry>()
  let cursor = '0'
  do {
    const command = ['HSCAN', keys.parked, cursor, 'COUNT', String(KEYS_AT_ONCE)]
    const answer = await link.use((connection) => connection.send('list parked entries', command))
    const [next, flat] = answer as readonly [string, readonly string[]]
    for (let i = 0; i + 1 < flat.length; i += 2) {
      const [key = '', value = ''] = flat.slice(i, i + 2)
      const shown = shownOf(value)
      if (shown !== undefined) found.set(key, { ...shown, key, group, isReplayed: replays.has(key) })
    }
    cursor = next
  } while (cursor !== '0')
  return [...found.values()]
}

async function inChunks(
  link: RedisLink,
  keys: GroupKeys,
  chosen: readonly string[] | undefined,
  doing: string,
  script: string,
  of: readonly string[],
): Promise<number> {
  const send = (command: readonly string[]) => link.use((connection) => connection.send(doing, command))
  const all = chosen ?? ((await send(['HKEYS', keys.parked])) as readonly string[])
  let count = 0
  for (let at = 0; at < all.length; at += KEYS_AT_ONCE) {
    const values = all.slice(at, at + KEYS_AT_ONCE)
    count += Number(await link.use((connection) => connection.send(doing, evalCommand(script, of, values))))
  }
  return count
}

/** `<failures> <when> <JSON>`, as the script writes it; the numbers count, not those in the JSON. */
function shownOf(value: string): Omit<ParkedEntry, 'key' | 'group' | 'isReplayed'> | undefined {
  const [, failures, at, text = ''] = /^(\d+) (\d+) (.*)$/s.exec(value) ?? []
  const facts = parkedFacts(text)
  const { bytes } = moreOf(text)
  return facts && { ...facts, failures: Number(failures), parkedAt: new Date(Number(at)), bytes }
}

/** What the JSON has beside what all engines have. */
function moreOf(text: string): Pick<RedisParked, 'stream' | 'headers'> & { readonly bytes: number } {
  const { stream, headers, bytes } = JSON.parse(text)
  const pairs: readonly unknown[] = Array.isArray(headers) ? headers : []
  return {
    stream: typeof stream === 'string' ? stream : undefined,
    headers: pairs.filter(Array.isArray).map(([name, value]) => [String(name), String(value)] as const),
    bytes: Number(bytes),
  }
}
