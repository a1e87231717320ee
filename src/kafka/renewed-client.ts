import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import { closeClients } from './close-clients.js'
import { withDeadline } from './deadline.js'

interface Closing {
  close(isForced: true): unknown
}

/**
 * A client that is connected when it is first used, and replaced after a failure: it never answers again once it was closed at a deadline, and
 * what it has learnt of the cluster may be wrong.
 */
export class RenewedClient<Client extends Closing> {
  private readonly make: () => Client
  private readonly address: KafkaAddress
  private readonly clock: Clock
  private client: Client | undefined
  private isClosed = false

  constructor(address: KafkaAddress, clock: Clock, make: () => Client) {
    this.make = make
    this.address = address
    this.clock = clock
  }

  /** @throws {@link CtStreamError} as `withDeadline`; `CT_CLOSED` */
  async use<T>(doing: string, work: (client: Client) => Promise<T>): Promise<T> {
    if (this.isClosed) throw new CtStreamError('CT_CLOSED', 'the client of Kafka is closed')
    const { address, clock } = this
    const client = (this.client ??= this.make())
    const drop = () => {
      if (this.client === client) this.client = undefined
      Promise.resolve(client.close(true)).catch(() => {})
    }
    try {
      return await withDeadline(work(client), { doing, address, clock, giveUp: drop })
    } catch (error) {
      drop()
      throw error
    }
  }

  async close(): Promise<void> {
    this.isClosed = true
    await closeClients(this.clock, this.client)
  }
}
