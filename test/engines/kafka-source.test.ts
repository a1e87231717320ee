import { describe } from 'vitest'
import { sourceContract } from '../support/source-contract.js'
import { noKafka } from './kafka-place.js'
import { kafkaQueue } from './kafka-queue.js'

describe.skipIf(noKafka)('Kafka', () => {
  const traits = {
    leaseMs: 6000,
    obeysClock: false,
    keepsEverything: false,
    movesAtOnce: true,
    keepsIssuers: true,
    lacks: {
      damage: 'a record in a topic cannot be changed',
      bytes: 'what was fetched at once is in memory, however many pages it makes',
    },
  }
  sourceContract('Kafka', traits, async () => kafkaQueue())
})
