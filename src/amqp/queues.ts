import type { Channel } from 'rabbitmq-client'
import { type AmqpAddress, type GroupQueues, groupQueues } from './address.js'

const QUORUM = { 'x-queue-type': 'quorum' } as const

/**
 * Makes the exchange, and the queues that the sink is to fill: of each group in the URL, or the one without a group. The server refuses
 * settings that differ from those of an existing one, and names one.
 *
 * @returns The queues that must be there.
 */
export async function declareForSink(channel: Channel, address: AmqpAddress): Promise<readonly string[]> {
  const { queue, groups } = address
  await declareExchange(channel, address)
  if (groups.length === 0) {
    await channel.queueDeclare({ queue, durable: true, arguments: QUORUM })
    await channel.queueBind({ queue, exchange: queue, routingKey: '' })
    return [queue]
  }
  for (const group of groups) await declareEntries(channel, address, groupQueues(address, group))
  // Of an earlier run, without groups: nobody reads it, and its disk would be full one day.
  await channel.queueUnbind({ queue, exchange: queue, routingKey: '' })
  return groups.map((group) => groupQueues(address, group).entries)
}

/** Makes all queues of a group, and has the first one filled from now on. */
export async function declareForGroup(channel: Channel, address: AmqpAddress, queues: GroupQueues): Promise<void> {
  await declareExchange(channel, address)
  await declareEntries(channel, address, queues)
  await declareParked(channel, queues)
  // A register: of several messages the last one stays.
  const last = { ...QUORUM, 'x-max-length': 1 }
  await channel.queueDeclare({ queue: queues.marks, durable: true, arguments: last })
}

export async function declareParked(channel: Channel, { parked }: GroupQueues): Promise<void> {
  await channel.queueDeclare({ queue: parked, durable: true, arguments: QUORUM })
}

async function declareExchange(channel: Channel, { queue }: AmqpAddress): Promise<void> {
  await channel.exchangeDeclare({ exchange: queue, type: 'fanout', durable: true })
}

async function declareEntries(channel: Channel, { queue: exchange }: AmqpAddress, { entries }: GroupQueues) {
  // One consumer at a time, or the order would be lost.
  const one = { ...QUORUM, 'x-single-active-consumer': true }
  await channel.queueDeclare({ queue: entries, durable: true, arguments: one })
  await channel.queueBind({ queue: entries, exchange, routingKey: '' })
}
