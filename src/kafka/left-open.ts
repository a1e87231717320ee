import type { CommittedRecord } from './committed-records.js'
import type { FencedProducer } from './fenced-producer.js'
import type { OpenPartition } from './open-partitions.js'
import type { ShardState } from './shard-state.js'
import type { UnitPlace } from './unit-place.js'

/**
 * Ends what a transaction of this writer left open ({@link openPartitions}): otherwise the next commit would make it visible, beside the same
 * entries written again.
 *
 * How it should have ended, the broker does not tell. None of it takes effect where its positions are open, too: then its entries are written
 * again. Where the positions have ended, entries follow them: those that they cover are there.
 *
 * @param producer - That has begun.
 * @param topics - That exist.
 * @param read - Reads the positions.
 */
export async function endLeftOpen(
  producer: FencedProducer,
  place: UnitPlace,
  topics: readonly string[],
  read: () => Promise<ShardState>,
): Promise<void> {
  const open = await producer.leftOpen(topics)
  await producer.end(
    'abort',
    open.filter(({ topic }) => topic === place.positions),
  )
  const others = open.filter(({ topic }) => topic !== place.positions)
  if (others.length === 0) return
  const state = await read()
  const isWritten = async (each: OpenPartition) =>
    // Of anything but entries it does no harm to be there: it is named by its hash.
    each.topic !== place.entries || isCovered(await producer.firstOf(each), state)
  const written = new Set<OpenPartition>()
  for (const each of others) if (await isWritten(each)) written.add(each)
  await producer.end(
    'commit',
    others.filter((each) => written.has(each)),
  )
  await producer.end(
    'abort',
    others.filter((each) => !written.has(each)),
  )
}

function isCovered(record: CommittedRecord | undefined, { positions }: ShardState): boolean {
  const headers = new Map(record?.headers.map(([name, text]) => [String(name), String(text)]))
  return Number(headers.get('ct-index') ?? Number.POSITIVE_INFINITY) < (positions.get(headers.get('ct-log') ?? '') ?? 0)
}
