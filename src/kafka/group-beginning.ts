import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { messageOf } from '../util/message-of.js'
import type { KafkaAddress } from './address.js'
import type { KafkaClient } from './client.js'
import { FencedProducer } from './fenced-producer.js'
import { readMarks } from './group-marks.js'

const KEY = 'begin'

/**
 * Where a group began that wants what comes from now on: the offset in each partition that there was. It is noted once for all of them, beside the
 * watermarks; a partition that is not among them was added later, and is the group's from its beginning.
 *
 * @param marks - The topic of the group's watermarks.
 * @param partitions - How many it has.
 * @param look - Sees where the partitions of entries end.
 * @returns Offsets by partition; none for a group that had begun before this was noted.
 * @throws {@link CtStreamError} as `kafkaError` makes it; `CT_SINK_FAILED`, retryable, when another processor does the same.
 */
export async function groupBeginning(
  { kafka, address, clock }: { readonly kafka: KafkaClient; readonly address: KafkaAddress; readonly clock: Clock },
  { marks, partitions }: { readonly marks: string; readonly partitions: number },
  look: () => Promise<ReadonlyMap<number, bigint>>,
): Promise<ReadonlyMap<number, bigint>> {
  const producer = new FencedProducer(kafka, address, `${marks}.begin`, clock)
  try {
    // It shuts out whoever does the same: the first one notes it.
    await producer.begin()
    await producer.end('commit', await producer.leftOpen([marks]))
    const noted = (await producer.read(marks)).findLast(({ key }) => String(key) === KEY)
    if (noted !== undefined) return parseOffsets(marks, String(noted.value))
    const offsets = (await hasStored(producer, marks, partitions)) ? new Map<number, bigint>() : await look()
    const value = JSON.stringify([...offsets].map(([partition, offset]) => [partition, String(offset)]))
    await producer.commit([{ topic: marks, partition: 0, key: Buffer.from(KEY), value: Buffer.from(value) }])
    return offsets
  } catch (cause) {
    if (!CtStreamError.is(cause) || cause.code !== 'CT_LEASE_LOST') throw cause
    throw new CtStreamError('CT_SINK_FAILED', 'another processor notes where the group begins', {
      cause,
      retryable: true,
    })
  } finally {
    await producer.close()
  }
}

async function hasStored(producer: FencedProducer, marks: string, partitions: number): Promise<boolean> {
  for (let partition = 0; partition < partitions; partition++)
    if (readMarks(marks, await producer.read(marks, partition)).offset !== undefined) return true
  return false
}

/**
 * @param topic - For errors.
 * @returns Offsets by partition.
 * @throws {@link CtStreamError} `CT_CHECKPOINT_UNUSABLE` for anything but what {@link groupBeginning} writes.
 */
export function parseOffsets(topic: string, value: string): ReadonlyMap<number, bigint> {
  try {
    const found: unknown = JSON.parse(value)
    return new Map((found as [unknown, unknown][]).map(([partition, offset]) => [indexOf(partition), offsetOf(offset)]))
  } catch (cause) {
    throw new CtStreamError(
      'CT_CHECKPOINT_UNUSABLE',
      `the Kafka topic ${topic} has a record that does not say where a group began (${messageOf(cause)}): use another prefix in the URL`,
      { cause },
    )
  }
}

function indexOf(partition: unknown): number {
  if (Number.isSafeInteger(partition) && Number(partition) >= 0) return Number(partition)
  throw new Error('a partition is no index')
}

function offsetOf(offset: unknown): bigint {
  if (typeof offset === 'string' && /^\d{1,19}$/.test(offset)) return BigInt(offset)
  throw new Error('an offset is no number')
}
