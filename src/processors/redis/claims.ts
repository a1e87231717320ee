import { indexOfId } from '../../redis/entry-id.js'
import type { ClaimedStream, RedisGroup } from '../../redis/group.js'
import type { RedisLink } from '../../redis/link.js'
import type { ClaimStore, Held } from '../claim-keeper.js'

/** A stream that this processor reads. */
export interface RedisClaim extends ClaimedStream, Held {
  /** Of the last entry that was read, or before the first one to read. */
  cursor: string
  /** When it was read last, nothing was left. */
  isDrained: boolean
  /** It was said that the server has less of it than it had. */
  isShort: boolean
}

/** Claims as fields of the group's hashes. */
export class RedisClaims implements ClaimStore<RedisClaim> {
  private readonly link: RedisLink
  private readonly group: RedisGroup

  constructor(link: RedisLink, group: RedisGroup) {
    this.link = link
    this.group = group
  }

  async renew(held: readonly RedisClaim[]) {
    const { kept, logs, members } = await this.group.renew(held)
    return {
      kept: new Set(held.filter(({ stream }) => kept.has(stream))),
      share: Math.ceil(logs / Math.max(1, members)),
    }
  }

  async claim(want: number): Promise<readonly RedisClaim[]> {
    return (await this.group.claim(want)).map((claimed) => {
      const { next } = claimed.mark
      return {
        ...claimed,
        readTo: next,
        head: next,
        isLeaving: false,
        storedNext: next,
        cursor: before(next),
        isDrained: false,
        isShort: false,
      }
    })
  }

  release(claims: readonly RedisClaim[]): Promise<void> {
    return this.group.release(claims)
  }

  leave(claims: readonly RedisClaim[]): Promise<void> {
    return this.group.leave(claims)
  }

  /** The bell rings where entries are waited for. */
  async listen(): Promise<void> {}

  close(): Promise<void> {
    return this.link.close()
  }
}

/** The id behind which the entry of an index comes: that of the one before. */
const before = (index: number) => (index === 0 ? '0-0' : `${index - 1}-1`)

/** Exclusive end of a stream; `undefined` when there is no such stream, or its last id is not of this library. */
export function endOf(lastId: string | undefined): number | undefined {
  const last = indexOfId(lastId)
  return last === undefined ? undefined : last + 1
}
