import type { PostgresConnection } from '../../postgres/connection.js'
import {
  type ClaimedLog,
  claimLogs,
  type GroupMember,
  joinGroup,
  releaseClaims,
  renewClaims,
} from '../../postgres/queue-claims.js'
import type { ClaimStore, Held } from '../claim-keeper.js'

/** A row of `watermark` that this processor holds. */
export type PostgresClaim = ClaimedLog & Held

/** Claims as rows of `watermark`, with notices on a channel. */
export class PostgresClaims implements ClaimStore<PostgresClaim> {
  private readonly connection: PostgresConnection
  private readonly member: GroupMember
  private readonly channel: string

  constructor(connection: PostgresConnection, member: GroupMember, channel: string) {
    this.connection = connection
    this.member = member
    this.channel = channel
  }

  renew(held: readonly PostgresClaim[]) {
    return this.connection.run(async (session) => ({
      share: await joinGroup(session, this.member),
      kept: new Set(await renewClaims(session, this.member, held)),
    }))
  }

  async claim(want: number): Promise<readonly PostgresClaim[]> {
    const claimed = await this.connection.run((session) => claimLogs(session, this.member, want))
    return claimed.map((each) => {
      const { next } = each.mark
      return { ...each, readTo: next, head: each.stop ?? next, isLeaving: false, storedNext: next }
    })
  }

  async release(claims: readonly PostgresClaim[]): Promise<void> {
    await this.connection.run(async (session) => {
      await releaseClaims(session, this.member.group, claims)
      await session.query(`NOTIFY ${this.channel}`)
    })
  }

  async leave(claims: readonly PostgresClaim[]): Promise<void> {
    const { group, name } = this.member
    await this.connection.run(async (session) => {
      await releaseClaims(session, group, claims)
      await session.query('DELETE FROM processor WHERE grp = $1 AND name = $2', [group, name])
      await session.query(`NOTIFY ${this.channel}`)
    })
  }

  async listen(onNotice: () => void, onEnd: () => void): Promise<void> {
    await this.connection.listen(this.channel, onNotice, onEnd)
  }

  close(): Promise<void> {
    return this.connection.close()
  }
}
