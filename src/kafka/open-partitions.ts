import type { Connection } from '@platformatic/kafka'
import type { Clock } from '../types/clock.js'
import { type KafkaClient, type KafkaConsumer, retryDelay } from './client.js'
import { apiIds, isUnsupported } from './errors.js'

/** A partition in which a transaction is open. */
export interface OpenPartition {
  readonly topic: string
  readonly partition: number
  /** Offset of its first record there. */
  readonly from: bigint
}

type Describe = KafkaClient['describeProducersV0']['api']
type Broker = Parameters<KafkaConsumer[KafkaClient['kGetConnection']]>[0]

/** What says that another broker is to be asked, or the same one a little later. */
const PASSING = new Set(['NOT_LEADER_OR_FOLLOWER', 'LEADER_NOT_AVAILABLE', 'UNKNOWN_TOPIC_OR_PARTITION'])

/**
 * The partitions in which a producer has a transaction open. Asked when its coordinator has none any more, these are what a broker forgot: one
 * that is started again within the time of its session has its old registration for a moment, and takes a transaction that was just being
 * committed or aborted as ended, without markers in the partitions (`these partitions are likely deleted already and hence can be skipped`,
 * seen with Kafka 4.4.0).
 *
 * @param topics - That exist.
 * @returns None where the broker cannot tell, which Kafka 3.0 and later can.
 */
export async function openPartitions(
  kafka: KafkaClient,
  consumer: KafkaConsumer,
  producerId: bigint,
  topics: readonly string[],
  clock: Clock,
): Promise<readonly OpenPartition[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await ask(kafka, consumer, producerId, topics)
    } catch (error) {
      if (isUnsupported(error)) return []
      const ids = [...apiIds(error)]
      if (consumer.closed || !ids.every((id) => PASSING.has(id))) throw error
      consumer.clearMetadata()
      await clock.sleep(retryDelay(consumer, 'describeProducers', attempt, Number.POSITIVE_INFINITY, error as Error))
    }
  }
}

async function ask(
  kafka: KafkaClient,
  consumer: KafkaConsumer,
  producerId: bigint,
  topics: readonly string[],
): Promise<readonly OpenPartition[]> {
  const describe = await promised<Describe>((done) => consumer[kafka.kGetApi]('DescribeProducers', done as never))
  const { brokers, topics: places } = await consumer.metadata({ topics: [...topics] })
  const byLeader = new Map<Broker | undefined, Map<string, number[]>>()
  for (const [name, { partitions }] of places)
    for (const [partition, { leader }] of partitions.entries()) {
      const asked = byLeader.get(brokers.get(leader)) ?? new Map<string, number[]>()
      byLeader.set(brokers.get(leader), asked.set(name, [...(asked.get(name) ?? []), partition]))
    }
  const found: OpenPartition[] = []
  for (const [broker, asked] of byLeader) {
    const connection = await promised<Connection>((done) => consumer[kafka.kGetConnection](broker as Broker, done))
    const answer = await describe.async(
      connection,
      [...asked].map(([name, partitionIndexes]) => ({ name, partitionIndexes })),
    )
    for (const { name: topic, partitions } of answer.topics)
      for (const { partitionIndex: partition, activeProducers } of partitions)
        for (const each of activeProducers)
          if (each.producerId === producerId && each.currentTxnStartOffset >= 0n)
            found.push({ topic, partition, from: each.currentTxnStartOffset })
  }
  return found
}

const promised = <T>(start: (done: (error: Error | null, result?: T) => void) => void): Promise<T> =>
  new Promise((resolve, reject) => start((error, result) => (error ? reject(error) : resolve(result as T))))
