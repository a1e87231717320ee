import { describe } from 'vitest'
import { kafkaCoordinator, postgresCoordinator } from '../../src/cluster/index.js'
import { coordinatorContract } from '../support/coordinator-contract.js'
import { noPostgres, testDatabase } from './database.js'
import { kafkaPlace, noKafka } from './kafka-place.js'

describe.skipIf(noPostgres)('in Postgres', () => {
  coordinatorContract('Postgres', 1000, async () => {
    const db = await testDatabase()
    return { coordinator: () => postgresCoordinator(db.url, { leaseMs: 1000 }), remove: () => db.remove() }
  })
})

describe.skipIf(noKafka)('in Kafka', () => {
  // Brokers take no shorter session unless they are told to.
  coordinatorContract('Kafka', 6000, async () => {
    const place = kafkaPlace()
    return { coordinator: () => kafkaCoordinator(place.url, { leaseMs: 6000 }), remove: () => place.remove() }
  })
})
