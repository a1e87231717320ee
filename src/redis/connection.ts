import type { Clock } from '../types/clock.js'
import { withDeadline } from '../util/deadline.js'
import { importPeer } from '../util/import-peer.js'
import type { RedisAddress } from './address.js'
import { noAnswer, redisError } from './errors.js'

/** As a command is sent: its name, then its arguments. */
export type RedisCommand = readonly (string | Buffer)[]

/** The part of the client that is used. */
interface Client {
  connect(): Promise<unknown>
  sendCommand(args: RedisCommand): Promise<unknown>
  destroy(): void
  on(event: 'error', listener: (error: unknown) => void): void
}

const STEP_TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 5_000

/** One connection, never made again by itself: after any error it is of no use. */
export class RedisConnection {
  private readonly client: Client
  private readonly address: RedisAddress
  private readonly clock: Clock
  private isGone = false

  private constructor(client: Client, address: RedisAddress, clock: Clock) {
    this.client = client
    this.address = address
    this.clock = clock
    // The command that is under way says it as well.
    client.on('error', () => {
      this.isGone = true
    })
  }

  /** @throws {@link CtStreamError} `CT_SINK_FAILED`, `CT_PEER_MISSING` */
  static async open(address: RedisAddress, clock: Clock): Promise<RedisConnection> {
    const { createClient } = await importPeer('Redis', () => import('redis'), 'redis')
    const { url, database } = address
    const host = url.hosts[0]?.host.replace(/^\[|\]$/g, '') ?? ''
    const socket = {
      host,
      port: url.hosts[0]?.port ?? 0,
      connectTimeout: CONNECT_TIMEOUT_MS,
      reconnectStrategy: false,
    } as const
    const client = createClient({
      RESP: 2,
      disableOfflineQueue: true,
      socket: url.tls === undefined ? socket : { ...socket, ...url.tls, tls: true },
      ...(url.user !== undefined && { username: url.user }),
      ...(url.password !== undefined && { password: url.password }),
      ...(database !== 0 && { database }),
    }) as unknown as Client
    const connection = new RedisConnection(client, address, clock)
    try {
      await connection.step('connect', client.connect())
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }

  get isOpen(): boolean {
    return !this.isGone
  }

  /**
   * @param doing - For messages: `write entries`.
   * @throws {@link CtStreamError} `CT_SINK_FAILED`
   */
  async send(doing: string, command: RedisCommand): Promise<unknown> {
    return this.step(doing, this.client.sendCommand(command))
  }

  /** Idempotent. */
  close(): void {
    this.isGone = true
    try {
      this.client.destroy()
    } catch {
      // It was closed already.
    }
  }

  private async step<T>(doing: string, work: Promise<T>): Promise<T> {
    try {
      return await withDeadline(work, this.clock, STEP_TIMEOUT_MS, () => {
        this.close()
        return noAnswer(doing, this.address, STEP_TIMEOUT_MS)
      })
    } catch (error) {
      throw redisError(error, doing, this.address)
    }
  }
}
