import type { LogMark } from '../../kafka/group-marks.js'
import type { QueueGap, Watermark } from '../../types/queue.js'
import type { QueueClaim } from '../engine.js'
import type { KafkaClaim, KafkaPartition } from './partition.js'
import type { KafkaShare } from './share.js'

/** As `QueueEngine.store`: one transaction for each partition. */
export async function storeMarks(
  share: KafkaShare,
  marks: ReadonlyMap<KafkaClaim, Watermark>,
): Promise<readonly QueueClaim[]> {
  const byPartition = new Map<KafkaPartition, LogMark[]>()
  const lost: QueueClaim[] = []
  for (const [claim, mark] of marks) {
    const { log, range, partition } = claim
    const logs = byPartition.get(partition)
    if (!share.isOurs(claim)) lost.push(claim)
    else if (logs === undefined) byPartition.set(partition, [{ log, range, mark }])
    else logs.push({ log, range, mark })
  }
  await Promise.all(
    [...byPartition].map(async ([partition, logs]) => {
      const isOurs = await share.withMarks(partition, () => partition.store(logs))
      if (!isOurs) lost.push(...partition.claims.values())
    }),
  )
  return lost
}

/** Records a gap beside the watermarks; a processor that has lost the log leaves it to the next one. */
export async function storeGap(share: KafkaShare, gap: QueueGap): Promise<void> {
  const partition = share.partitionOf(gap.log.id, gap.start)
  if (partition !== undefined) await share.withMarks(partition, () => partition.marks.addGap(gap))
}
