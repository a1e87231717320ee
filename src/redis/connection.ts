import type { Clock } from '../types/clock.js'
import { withDeadline } from '../util/deadline.js'
import { importPeer } from '../util/import-peer.js'
import type { RedisAddress } from './address.js'
import { noAnswer, redisError } from './errors.js'

/** A command: its name, then its arguments. */
export type RedisCommand = readonly (string | Buffer)[]

/** The part of the client's interface that is used here. */
interface Client {
  connect(): Promise<unknown>
  sendCommand(args: RedisCommand, options?: { readonly typeMapping: object }): Promise<unknown>
  destroy(): void
  on(event: 'error', listener: (error: unknown) => void): void
}

/** Strings of answers as bytes; 36 is their type in the protocol, `$`. */
const AS_BYTES = { typeMapping: { 36: Buffer } }
const STEP_TIMEOUT_MS = 30_000
const CONNECT_TIMEOUT_MS = 5_000

/** One connection, which does not reconnect: after any error, open another. */
export class RedisConnection {
  private readonly client: Client
  private readonly address: RedisAddress
  private readonly clock: Clock
  private isGone = false

  private constructor(client: Client, address: RedisAddress, clock: Clock) {
    this.client = client
    this.address = address
    this.clock = clock
    // Only noted here: the pending command rejects with the error.
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
   * @param doing - For messages, such as `write entries`.
   * @throws {@link CtStreamError} `CT_SINK_FAILED`
   */
  async send(doing: string, command: RedisCommand): Promise<unknown> {
    return this.step(doing, this.client.sendCommand(command))
  }

  /** As {@link RedisConnection.send}, with strings of the answer as bytes. */
  async sendForBytes(doing: string, command: RedisCommand): Promise<unknown> {
    return this.step(doing, this.client.sendCommand(command, AS_BYTES))
  }

  /** Idempotent. */
  close(): void {
    this.isGone = true
    try {
      this.client.destroy()
    } catch {
      // Already closed.
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
