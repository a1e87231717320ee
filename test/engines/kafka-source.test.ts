import { describe } from 'vitest'
import { sourceContract } from '../support/source-contract.js'
import { noKafka } from './kafka-place.js'
import { kafkaQueue } from './kafka-queue.js'

describe.skipIf(noKafka)('Kafka', () => {
  sourceContract('Kafka', { leaseMs: 6000, obeysClock: false, keepsEverything: false }, async () => kafkaQueue())
})
