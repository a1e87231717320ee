import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { RedisAddress } from './address.js'
import { RedisConnection } from './connection.js'
import { checkServer } from './server.js'

/** A connection that is opened when it is used, and anew after an error; the server is checked each time. */
export class RedisLink {
  private readonly address: RedisAddress
  private readonly clock: Clock
  private opening: Promise<RedisConnection> | undefined
  private isClosed = false

  constructor(address: RedisAddress, clock: Clock) {
    this.address = address
    this.clock = clock
  }

  /**
   * @param work - May run beside other work; where one fails, the others do.
   * @throws {@link CtStreamError} `CT_SINK_FAILED`, `CT_PEER_MISSING`, `CT_CLOSED`
   */
  async use<T>(work: (connection: RedisConnection) => Promise<T>): Promise<T> {
    if (this.isClosed) throw closed()
    const opening = this.opening ?? this.open()
    this.opening = opening
    try {
      return await work(await opening)
    } catch (error) {
      if (this.opening === opening) this.opening = undefined
      void opening.then(
        (connection) => connection.close(),
        () => {},
      )
      throw this.isClosed ? closed() : error
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.isClosed = true
    const connection = await this.opening?.catch(() => undefined)
    connection?.close()
  }

  private async open(): Promise<RedisConnection> {
    const connection = await RedisConnection.open(this.address, this.clock)
    try {
      await checkServer(connection, this.address)
    } catch (error) {
      connection.close()
      throw error
    }
    return connection
  }
}

const closed = () => new CtStreamError('CT_CLOSED', 'the connection to Redis is closed')
