import { setTimeout as wait } from 'node:timers/promises'
import { describe, expect, it, onTestFinished } from 'vitest'
import { kafkaCoordinator, postgresCoordinator } from '../../src/cluster/index.js'
import { kafkaAddress } from '../../src/kafka/address.js'
import { loadKafka } from '../../src/kafka/client.js'
import { makeTopics, positionsTopic } from '../../src/kafka/topics.js'
import { placeOf } from '../../src/kafka/unit-place.js'
import { systemClock } from '../../src/util/clock.js'
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

  it('a member has the shards that it could take, where another one cannot be taken', async () => {
    const place = kafkaPlace()
    onTestFinished(() => place.remove())
    const member = kafkaCoordinator(place.url, { leaseMs: 60_000 })
    onTestFinished(() => member.close())
    await member.join('one')
    for (const id of ['a', 'b', 'c'])
      await member.assign({ id, description: id, operator: id, kind: 'rfc6962', url: `https://${id}.example/` }, id)
    const address = kafkaAddress(place.url)
    const { positions } = placeOf(address, 'b')
    await makeTopics(await loadKafka(), address, [positionsTopic(positions)], systemClock)
    await place.put(positions, 'owner:', 'of another program')
    while ((await member.renew([])).share !== 3) await wait(50)
    const units = async () => (await member.claim(3)).map(({ unit }) => unit)
    expect(await units()).toEqual(['a'])
    expect(await units()).toEqual(['c'])
    await expect(units()).rejects.toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE' })
  })
})
