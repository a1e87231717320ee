import { describe } from 'vitest'
import { sourceContract } from '../support/source-contract.js'
import { noAmqp } from './amqp-place.js'
import { amqpQueue } from './amqp-queue.js'

const LACKS = {
  sharing:
    'one processor of a group at a time gets messages, of all logs, or their order would be lost; `amqp-queue-faults` shows that others take over',
  retention: 'a queue does not say what it has lost',
  damage: 'a message in a queue cannot be changed',
} as const

describe.skipIf(noAmqp)('RabbitMQ', () => {
  sourceContract('RabbitMQ', { leaseMs: 2000, obeysClock: false, keepsEverything: false, lacks: LACKS }, () =>
    amqpQueue(['g', 'one', 'two', 'late']),
  )
})
