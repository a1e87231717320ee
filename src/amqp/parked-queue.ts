import type { Channel, Connection } from 'rabbitmq-client'
import { PARKED_HEADER, type ParkedFacts, parkedFacts, parkedText } from '../checkpoint/parked-record.js'
import type { Clock } from '../types/clock.js'
import type { ParkedEntry } from '../types/queue.js'
import type { AmqpAddress, GroupQueues } from './address.js'
import { type AmqpMessage, ConfirmedChannel } from './confirmed-channel.js'
import { connect } from './connect.js'
import { type Delivery, deliveryOf } from './delivery.js'
import { amqpError } from './errors.js'
import { declareParked } from './queues.js'

/** What becomes of an entry that is set aside: it stays, or is given to the processors again, or is forgotten. */
export type ParkedFate = 'keep' | 'replay' | 'drop'

/**
 * What groups have set aside. A queue is read by taking everything out and writing it again behind: a message that is given back counts as
 * failed, and a server may drop it after some times.
 */
export class ParkedQueue {
  private readonly address: AmqpAddress
  private readonly connection: Connection
  private readonly channel: Channel
  private readonly confirmed: ConfirmedChannel

  private constructor(
    address: AmqpAddress,
    connection: Connection,
    [channel, confirmed]: readonly [Channel, ConfirmedChannel],
  ) {
    this.address = address
    this.connection = connection
    this.channel = channel
    this.confirmed = confirmed
  }

  /** @throws {@link CtStreamError} `CT_SINK_FAILED`, `CT_PEER_MISSING` */
  static async open(address: AmqpAddress, clock: Clock): Promise<ParkedQueue> {
    const { connection, prepared } = await connect(address, clock, async (open) => {
      const [channel, writing] = [await open(), await open()]
      return [channel, await ConfirmedChannel.of(writing, address, clock)] as const
    })
    return new ParkedQueue(address, connection, prepared)
  }

  /**
   * Goes through all entries, in the order in which they were set aside.
   *
   * @returns Those that were there.
   * @throws {@link CtStreamError} `CT_SINK_FAILED`: some may be there twice then; the last one of a key counts.
   */
  async each(queues: GroupQueues, decide: (entry: ParkedEntry) => ParkedFate): Promise<readonly ParkedEntry[]> {
    try {
      return await this.eachNow(queues, decide)
    } catch (error) {
      this.close()
      throw amqpError(error, 'read what is parked', this.address)
    }
  }

  /** Idempotent. */
  close(): void {
    this.connection.unsafeDestroy()
  }

  private async eachNow(queues: GroupQueues, decide: (entry: ParkedEntry) => ParkedFate) {
    const { channel } = this
    await declareParked(channel, queues)
    const { messageCount } = await channel.queueDeclare({ queue: queues.parked, passive: true })
    const foreign: AmqpMessage[] = []
    const last = new Map<
      string,
      { readonly entry: ParkedEntry; readonly delivery: Delivery; readonly facts: ParkedFacts }
    >()
    let tag: number | undefined
    for (let i = 0; i < messageCount; i++) {
      const found = await channel.basicGet({ queue: queues.parked })
      if (found === undefined) break
      const delivery = deliveryOf(found)
      tag = delivery.tag
      const facts = parkedFacts(delivery.headers.find(([name]) => name === PARKED_HEADER)?.[1] ?? '')
      if (facts === undefined) foreign.push({ headers: Object.fromEntries(delivery.headers), body: delivery.body })
      else last.set(facts.key, { entry: { ...facts, bytes: delivery.body.length }, delivery, facts })
    }
    const fates = [...last.values()].map((each) => ({ ...each, fate: decide(each.entry) }))
    const those = (wanted: ParkedFate) =>
      fates
        .filter(({ fate }) => fate === wanted)
        .map(({ delivery: { headers, body }, facts }) => ({
          headers: {
            ...Object.fromEntries(headers),
            [PARKED_HEADER]: parkedText({ ...facts, isReplayed: wanted === 'replay' }),
          },
          body,
        }))
    await this.confirmed.publish(those('replay'), { queue: queues.entries })
    await this.confirmed.publish([...foreign, ...those('keep')], { queue: queues.parked })
    if (tag !== undefined) channel.basicAck({ deliveryTag: tag, multiple: true })
    // Answered when the server has taken the acknowledgement.
    await channel.queueDeclare({ queue: queues.parked, passive: true })
    return fates.map(({ entry }) => entry)
  }
}
