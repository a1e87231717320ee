import type { PostgresConnection } from '../postgres/connection.js'
import {
  type ClaimedLog,
  claimLogs,
  type GroupMember,
  joinGroup,
  releaseClaims,
  renewClaims,
} from '../postgres/queue-claims.js'
import { messageOf } from '../util/message-of.js'
import { Notifier } from '../util/notifier.js'
import type { QueueClaim } from './engine.js'
import { isPassing } from './patiently.js'
import type { CheckedSettings } from './source-settings.js'

/** A log that this processor works on. */
export interface Held extends ClaimedLog, QueueClaim {
  /** Index up to which pages were read. */
  readTo: number
  /** Exclusive end of the log in the queue, when last read. */
  head: number
  /** Read no further; released for another processor once everything handed out is acknowledged and stored. */
  isLeaving: boolean
  storedNext: number
}

/** Which logs a processor works on: claims them, renews the claims, and releases some when another processor has too few. */
export class ClaimKeeper {
  /** The claims of this processor, in the order in which they are read next. */
  held: Held[] = []
  /** Notified when there may be more to read. */
  readonly changed = new Notifier()
  /** The ends of the logs may have moved: read them again. */
  isStale = true
  /** Entries may have been marked for replay. */
  mayReplay = true
  /** A failure in the background, for the next caller to throw. */
  failure: { readonly error: unknown } | undefined
  private readonly connection: PostgresConnection
  private readonly member: GroupMember
  private readonly settings: CheckedSettings
  private readonly channel: string
  private handedOverAt = 0

  /** @param connection - Used here alone, so that no slow query delays the renewal of leases. */
  constructor(connection: PostgresConnection, member: GroupMember, settings: CheckedSettings, channel: string) {
    this.connection = connection
    this.member = member
    this.settings = settings
    this.channel = channel
  }

  putLast(claim: Held): void {
    this.held = [...this.held.filter((one) => one !== claim), claim]
  }

  /** Releases every claim and leaves the group. */
  async leave(): Promise<void> {
    const { held, member, settings, channel } = this
    this.held = []
    await this.connection
      .run(async (session) => {
        await releaseClaims(session, settings.group, held)
        await session.query('DELETE FROM processor WHERE grp = $1 AND name = $2', [settings.group, member.name])
        await session.query(`NOTIFY ${channel}`)
      })
      // The leases expire anyway.
      .catch(() => {})
    await this.connection.close()
  }

  /** Renews leases and listens for notices until `signal` aborts. */
  async watch(signal: AbortSignal): Promise<void> {
    const { leaseMs, clock } = this.settings
    let isListening = false
    while (!signal.aborted) {
      try {
        if (!isListening) {
          isListening = true
          const onNotice = () => this.noteChange()
          const onEnd = () => {
            isListening = false
          }
          await this.connection.listen(this.channel, onNotice, onEnd)
        }
        await this.turn()
      } catch (error) {
        isListening = false
        if (!isPassing(error)) this.failure ??= { error }
        if (!signal.aborted) this.settings.logger?.warn(`the queue cannot be reached: ${messageOf(error)}`)
        this.changed.notify()
      }
      await clock.sleep(leaseMs / 3, signal).catch(() => {})
    }
  }

  /** Renews our claims, then claims or releases logs until all processors have the same number. */
  async turn(): Promise<void> {
    const { connection } = this
    const { leaseMs, clock, logger } = this.settings
    const before = this.held
    const { kept, share } = await connection.run(async (session) => ({
      share: await joinGroup(session, this.member),
      kept: new Set(await renewClaims(session, this.member, before)),
    }))
    for (const claim of before) if (!kept.has(claim)) this.lose(claim)
    const staying = this.held.filter(({ isLeaving }) => !isLeaving)
    if (staying.length < share && this.held.length === staying.length) {
      const claimed = await connection.run((session) => claimLogs(session, this.member, share - staying.length))
      for (const claim of claimed) {
        const { next } = claim.mark
        this.held.push({ ...claim, readTo: next, head: claim.stop ?? next, isLeaving: false, storedNext: next })
      }
      if (claimed.length > 0) logger?.info(`works on ${this.held.length} logs`)
    } else if (staying.length > share && clock.now() - this.handedOverAt >= leaseMs) {
      this.handedOverAt = clock.now()
      const [first] = staying
      if (first !== undefined) first.isLeaving = true
    }
    await this.giveAway()
    this.noteChange()
  }

  /** Releases finished ranges, and the leaving claims of which everything is acknowledged and stored. */
  async giveAway(): Promise<void> {
    const leaving = this.held.filter(
      ({ isLeaving, readTo, storedNext, stop = Number.POSITIVE_INFINITY }) =>
        storedNext >= stop || (isLeaving && storedNext >= readTo),
    )
    if (leaving.length === 0) return
    for (const claim of leaving) this.lose(claim)
    // If this fails, the leases expire.
    await this.connection.run(async (session) => {
      await releaseClaims(session, this.settings.group, leaving)
      await session.query(`NOTIFY ${this.channel}`)
    })
  }

  lose(claim: Held): void {
    this.held = this.held.filter((one) => one !== claim)
  }

  private noteChange(): void {
    this.isStale = true
    this.mayReplay = true
    this.changed.notify()
  }
}
