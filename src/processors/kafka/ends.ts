import type { KafkaContext } from './context.js'
import type { KafkaLogFinder } from './log-finder.js'
import type { KafkaClaim } from './partition.js'
import type { KafkaShare } from './share.js'

/** How often to look. Milliseconds. */
const LOOK_MS = 2000

/**
 * How far the broker has the logs of this processor, read or not.
 *
 * Positions, which are committed together with the entries, say it in indexes, whatever lies between here and the end of the partition. They
 * are beyond entries that a collector has left out: where all of a partition is read, the last entry of it counts.
 */
export class KafkaEnds {
  private readonly context: KafkaContext
  private readonly share: KafkaShare
  private readonly logs: KafkaLogFinder

  constructor(context: KafkaContext, share: KafkaShare, logs: KafkaLogFinder) {
    this.context = context
    this.share = share
    this.logs = logs
  }

  /** As `QueueEngine.headOf`. */
  headOf({ log, partition, readTo }: KafkaClaim): number {
    return partition.isRead ? readTo : Math.max(readTo, this.logs.endOf(log.id) ?? 0)
  }

  /** Looks again and again, until the engine is closed. */
  async watch(): Promise<void> {
    const { settings, closing, looking } = this.context
    while (!closing.aborted) {
      try {
        // In this order: what is behind these positions is behind those ends.
        await this.logs.look()
        const { taken } = this.share
        for (const [number, end] of await looking.ends([...taken.keys()])) taken.get(number)?.sawEnd(end)
      } catch {
        // What reads entries meets it, too, and says so.
      }
      await settings.clock.sleep(LOOK_MS, closing).catch(() => {})
    }
  }
}
