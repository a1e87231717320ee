import { checkpointFromJSON } from '../checkpoint/checkpoint-json.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { LogInfo } from '../types/log.js'
import type { QueueGap, Watermark } from '../types/queue.js'
import type { RedisCommand } from './connection.js'
import type { GroupKeys } from './group-keys.js'
import { ADD_GAP, CLAIM_STREAMS, RELEASE, RENEW, STORE_MARKS } from './group-scripts.js'
import type { RedisLink } from './link.js'

/** One processor of a group. */
export interface RedisMember {
  readonly group: string
  /** Unique among processes; without spaces. */
  readonly name: string
  readonly leaseMs: number
  readonly start: 'beginning' | 'now'
}

/** The lease of a stream. */
export interface StreamLease {
  readonly stream: string
  /** Grows with every change of owner. */
  readonly fence: string
}

/** A stream that was claimed. */
export interface ClaimedStream extends StreamLease {
  readonly log: LogInfo
  readonly mark: Watermark
  /** The group has not moved on in it yet. */
  readonly isNew?: boolean
}

/** What a group has in Redis, as one processor of it changes it. Everything throws as the link. */
export class RedisGroup {
  private readonly link: RedisLink
  private readonly keys: GroupKeys
  private readonly member: RedisMember

  constructor(link: RedisLink, keys: GroupKeys, member: RedisMember) {
    this.link = link
    this.keys = keys
    this.member = member
  }

  /** Joins, or stays in the group, renews leases, and adds watermarks of streams that are new. */
  async renew(leases: readonly StreamLease[]): Promise<{ kept: ReadonlySet<string>; logs: number; members: number }> {
    const { streams, marks, leases: hash, members: set, groups, entries, state } = this.keys
    const { group, name, leaseMs, start } = this.member
    const answer = await this.run(
      'renew leases',
      RENEW,
      [streams, marks, hash, set, groups],
      [group, name, String(leaseMs), start, entries, state, ...leases.flatMap(({ stream, fence }) => [stream, fence])],
    )
    const [logs, members, ...kept] = answer as readonly [number, number, ...string[]]
    return { kept: new Set(kept), logs, members }
  }

  /** Claims up to `want` streams that nobody has. @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE`, as the link. */
  async claim(want: number): Promise<readonly ClaimedStream[]> {
    const { streams, marks, leases, bell, entries, state } = this.keys
    const { name, leaseMs } = this.member
    const values = [name, String(leaseMs), entries, state, String(want)]
    const flat = (await this.run('claim logs', CLAIM_STREAMS, [streams, marks, leases, bell], values)) as string[]
    const claimed: ClaimedStream[] = []
    for (let i = 0; i < flat.length; i += 4) {
      const [stream = '', fence = '', mark = '', row = ''] = flat.slice(i, i + 4)
      const [epoch, next, isNew] = mark.split(' ')
      claimed.push({
        stream,
        fence,
        log: checkpointFromJSON(row).log,
        mark: { epoch: Number(epoch ?? 0), next: Number(next ?? 0) },
        isNew: isNew !== undefined,
      })
    }
    return claimed
  }

  /** Moves watermarks forward. @returns The streams that are still this processor's. */
  async storeMarks(marks: readonly (readonly [StreamLease, Watermark])[]): Promise<ReadonlySet<string>> {
    const { marks: hash, leases } = this.keys
    const values = marks.flatMap(([{ stream, fence }, { epoch, next }]) => [stream, fence, String(epoch), String(next)])
    const kept = await this.run('store watermarks', STORE_MARKS, [hash, leases], [this.member.name, ...values])
    return new Set(kept as readonly string[])
  }

  async release(leases: readonly StreamLease[]): Promise<void> {
    await this.giveUp(leases, [this.keys.leases, this.keys.bell])
  }

  async leave(leases: readonly StreamLease[]): Promise<void> {
    await this.giveUp(leases, [this.keys.leases, this.keys.bell, this.keys.members])
  }

  async addGap({ log, start, end, reason }: QueueGap): Promise<void> {
    const text = JSON.stringify({ logId: log.id, url: log.url, start, end, reason })
    await this.run('record a gap', ADD_GAP, [this.keys.missed], [`${log.id}:${start}`, String(end), text])
  }

  /** The log of a stream; `undefined` when no sink has described it. @throws as {@link RedisGroup.claim}. */
  async logOf(stream: string): Promise<LogInfo | undefined> {
    return (await this.positionOf(stream))?.log
  }

  /** How far a stream was written; `undefined` when no sink has said so. @throws as {@link RedisGroup.claim}. */
  async positionOf(stream: string): Promise<LogCheckpoint | undefined> {
    const [, unit = 'alone', logId] = /^(?:([0-9a-f]+):)?([^:]+)$/.exec(stream.slice(this.keys.entries.length)) ?? []
    const command = ['HGET', `${this.keys.state}${unit}`, `log:${logId}`]
    const row = await this.link.use((connection) => connection.send('read which log it is', command))
    return typeof row === 'string' ? checkpointFromJSON(row) : undefined
  }

  private async giveUp(leases: readonly StreamLease[], keys: readonly string[]): Promise<void> {
    const values = leases.flatMap(({ stream, fence }) => [stream, fence])
    await this.run('release leases', RELEASE, keys, [this.member.name, ...values])
  }

  private run(doing: string, script: string, keys: readonly string[], values: readonly string[]): Promise<unknown> {
    return this.link.use((connection) => connection.send(doing, evalCommand(script, keys, values)))
  }
}

/** A call of a script. */
export const evalCommand = (
  script: string,
  keys: readonly string[],
  values: readonly (string | Buffer)[],
): RedisCommand => ['EVAL', script, String(keys.length), ...keys, ...values]
