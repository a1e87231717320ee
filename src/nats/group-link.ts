import { CtStreamError } from '../errors.js'
import type { NatsAddress } from './address.js'
import { NatsConnection } from './connection.js'
import { natsError } from './errors.js'
import { ensureGroupStream, type GroupStream, groupStream } from './group-stream.js'
import { GroupWatch } from './group-watch.js'

/** What is connected. */
export interface LinkedGroup {
  readonly connection: NatsConnection
  readonly watch: GroupWatch
  /** Which connection it is, from 1. */
  readonly count: number
}

/** The connection of a processor, with what its group writes; another one when it is lost. */
export class GroupLink {
  readonly address: NatsAddress
  readonly stream: GroupStream
  private readonly onChange: (key: string) => void
  private linked: LinkedGroup | undefined
  private linking: Promise<LinkedGroup> | undefined
  private count = 0
  private isClosed = false

  /** @param onChange - As of {@link GroupWatch}. */
  constructor(address: NatsAddress, group: string, onChange: (key: string) => void) {
    this.address = address
    this.stream = groupStream(address, group)
    this.onChange = onChange
  }

  /**
   * Does something with the connection, which is opened when it is not there.
   *
   * @param doing - For messages, such as `read entries`.
   * @throws {@link CtStreamError} as `natsError` makes it; `CT_CLOSED`, `CT_PEER_MISSING`.
   */
  async use<T>(doing: string, work: (linked: LinkedGroup) => Promise<T>): Promise<T> {
    const linked = await this.open()
    try {
      return await work(linked)
    } catch (error) {
      throw natsError(error, doing, this.address)
    }
  }

  /** Closes the connection, so that the next use opens another. */
  async drop(): Promise<void> {
    const { linked } = this
    this.linked = undefined
    await linked?.connection.close()
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.isClosed = true
    await this.linking?.catch(() => {})
    await this.drop()
  }

  private async open(): Promise<LinkedGroup> {
    if (this.isClosed) throw new CtStreamError('CT_CLOSED', 'the queue source is closed')
    if (this.linked?.connection.isOpen === true) return this.linked
    this.linking ??= this.link().finally(() => {
      this.linking = undefined
    })
    return this.linking
  }

  private async link(): Promise<LinkedGroup> {
    const { address, stream } = this
    const connection = await NatsConnection.open(address)
    try {
      await ensureGroupStream(connection.manager, address, stream)
      const watch = new GroupWatch(connection, stream, this.onChange)
      await watch.open(stream)
      this.linked = { connection, watch, count: ++this.count }
      return this.linked
    } catch (error) {
      await connection.close()
      throw natsError(error, 'open the stream of the group', address)
    }
  }
}
