import { Notifier } from '../../util/notifier.js'
import type { ProvenPage } from '../log/proven-page.js'
import type { Lane } from './lane.js'

/**
 * Interleaves the logs fairly: logs take turns page by page, and pages with new entries come before pages of a backlog, so that no backlog
 * delays live entries. The byte budget bounds its size, because every page counts in it.
 */
export class Mixer {
  readonly lanes: Lane[] = []
  private readonly changed = new Notifier()
  private turn = 0

  add(lane: Lane): void {
    this.lanes.push(lane)
  }

  offer(lane: Lane, pages: readonly ProvenPage[]): void {
    lane.queue.push(...pages)
    this.changed.notify()
  }

  /** The next page and its lane, if any log has one. */
  take(): { lane: Lane; proven: ProvenPage } | undefined {
    const lane = this.nextLane((first) => first.batch.start >= first.openedSize) ?? this.nextLane(() => true)
    const proven = lane?.queue.shift()
    return lane === undefined || proven === undefined ? undefined : { lane, proven }
  }

  /** Resolves when there may be a page to take, or `wake()` was called. */
  wait(): Promise<void> {
    return this.changed.wait()
  }

  wake(): void {
    this.changed.notify()
  }

  /** Removes all pages, so that their memory can be released. */
  drain(): ProvenPage[] {
    return this.lanes.flatMap((lane) => lane.queue.splice(0))
  }

  private nextLane(wanted: (first: ProvenPage) => boolean): Lane | undefined {
    for (let i = 0; i < this.lanes.length; i++) {
      const at = (this.turn + i) % this.lanes.length
      const first = this.lanes[at]?.queue[0]
      if (first !== undefined && wanted(first)) {
        this.turn = at + 1
        return this.lanes[at]
      }
    }
    return undefined
  }
}
