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
  /** As it was seen last. */
  head: number
  /** To be given to another processor when what was handed out is finished with. */
  isLeaving: boolean
  storedNext: number
}

/** Which logs a processor works on: claims them, keeps them, and gives those away that others are to have. */
export class ClaimKeeper {
  /** Those that are ours, the next one to be read first. */
  held: Held[] = []
  /** Notified when there may be more to read. */
  readonly changed = new Notifier()
  /** How far the logs reach is to be read again. */
  isStale = true
  /** There may be something to replay. */
  mayReplay = true
  /** Of what nobody waited for. */
  failure: { readonly error: unknown } | undefined
  private readonly connection: PostgresConnection
  private readonly member: GroupMember
  private readonly settings: CheckedSettings
  private readonly channel: string
  private handedOverAt = 0

  /** @param connection - Used here alone: leases are renewed whatever else takes its time. */
  constructor(connection: PostgresConnection, member: GroupMember, settings: CheckedSettings, channel: string) {
    this.connection = connection
    this.member = member
    this.settings = settings
    this.channel = channel
  }

  putLast(claim: Held): void {
    this.held = [...this.held.filter((one) => one !== claim), claim]
  }

  /** Gives everything back, and leaves the group. */
  async leave(): Promise<void> {
    const { held, member, settings, channel } = this
    this.held = []
    await this.connection
      .run(async (session) => {
        await releaseClaims(session, settings.group, held)
        await session.query('DELETE FROM processor WHERE grp = $1 AND name = $2', [settings.group, member.name])
        await session.query(`NOTIFY ${channel}`)
      })
      // Its leases end by themselves.
      .catch(() => {})
    await this.connection.close()
  }

  /** Leases and notices. */
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

  /** Renews what is ours, and aims at the same number of logs for all. */
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
        this.held.push({ ...claim, readTo: next, head: next, isLeaving: false, storedNext: next })
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

  /** Gives back what is to leave, and is finished with. */
  async giveAway(): Promise<void> {
    const leaving = this.held.filter(({ isLeaving, readTo, storedNext }) => isLeaving && storedNext >= readTo)
    if (leaving.length === 0) return
    for (const claim of leaving) this.lose(claim)
    // Where that fails, their leases end by themselves.
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
