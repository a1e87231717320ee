import type { RedisAddress } from './address.js'

/** The keys that processors of a group use. */
export interface GroupKeys {
  /** The set of streams, which the sink fills. */
  readonly streams: string
  /** What names of streams begin with. */
  readonly entries: string
  /** What names of the sink's hashes of positions begin with. */
  readonly state: string
  /** The set of groups. */
  readonly groups: string
  /** Hash: how far the group is in each stream. */
  readonly marks: string
  /** Hash: who works on each stream. */
  readonly leases: string
  /** Sorted set: processors, by when they are gone. */
  readonly members: string
  /** Stream of one entry, which is another after each change that processors should look at. */
  readonly bell: string
  /** Hash: entries that the group was told to be missing. */
  readonly missed: string
  /** Hash: what is set aside, without bodies. */
  readonly parked: string
  /** Hash: bodies of that. */
  readonly bodies: string
  /** Sorted set: keys of entries to replay, by when they may be taken. */
  readonly replays: string
}

export function groupKeys({ prefix }: RedisAddress, group: string): GroupKeys {
  const of = (kind: string) => `${prefix}:${kind}:${group}`
  return {
    streams: `${prefix}:streams`,
    entries: `${prefix}:entries:`,
    state: `${prefix}:state:`,
    groups: groupsKey(prefix),
    marks: of('marks'),
    leases: of('leases'),
    members: of('members'),
    bell: of('bell'),
    missed: of('missed'),
    parked: of('parked'),
    bodies: of('parked-bodies'),
    replays: of('replays'),
  }
}

export const groupsKey = (prefix: string) => `${prefix}:groups`
