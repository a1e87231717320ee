import type { KafkaContext } from './context.js'
import type { EntryFinder } from './finder.js'
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
  private readonly finder: EntryFinder

  constructor(context: KafkaContext, share: KafkaShare, finder: EntryFinder) {
    this.context = context
    this.share = share
    this.finder = finder
  }

  /** As `QueueEngine.headOf`. */
  headOf(claim: KafkaClaim): number {
    const { partition, readTo } = claim
    return partition.isRead ? readTo : Math.max(readTo, this.finder.endOf(claim) ?? 0)
  }

  /** Looks again and again, until the engine is closed. */
  async watch(): Promise<void> {
    const { settings, closing, looking } = this.context
    while (!closing.aborted) {
      try {
        // In this order: what is behind these positions is behind those ends.
        await this.finder.look()
        const { taken } = this.share
        for (const [number, end] of await looking.ends([...taken.keys()])) taken.get(number)?.sawEnd(end)
      } catch {
        // What reads entries meets it, too, and says so.
      }
      await settings.clock.sleep(LOOK_MS, closing).catch(() => {})
    }
  }
}
