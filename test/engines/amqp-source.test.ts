import { describe } from 'vitest'
import { sourceContract } from '../support/source-contract.js'
import { noAmqp } from './amqp-place.js'
import { amqpQueue } from './amqp-queue.js'

const LACKS = {
  sharing:
    'one processor of a group at a time gets messages, of all logs, or their order would be lost; `amqp-queue-faults` shows that others take over',
  retention: 'a queue does not say what it has lost; `amqp-queue-faults` shows that the rest is read',
  bytes: 'a server counts what it sends ahead in messages: less of them is `pageEntries`',
} as const

describe.skipIf(noAmqp)('RabbitMQ', () => {
  // Positions are elsewhere. An index that was skipped may still come, so a forged one skips nothing.
  const traits = { leaseMs: 2000, obeysClock: false, keepsEverything: false, trustsIndexes: true, lacks: LACKS }
  sourceContract('RabbitMQ', traits, () => amqpQueue(['g', 'one', 'two', 'late']))
})
