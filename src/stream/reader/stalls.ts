import { CtStreamError } from '../../errors.js'
import type { Clock } from '../../types/clock.js'
import type { ByteBudget } from '../../util/byte-budget.js'
import type { Lane } from './lane.js'

/** How long reading waits for an acknowledgement before a warning, milliseconds. */
const PATIENCE_MS = 10_000

export interface StallOptions {
  readonly lanes: readonly Lane[]
  readonly budget: ByteBudget
  readonly clock: Clock
  /** Applies acknowledgements. */
  readonly settle: () => void
}

/**
 * Warns when reading waits for the caller: delivered but unacknowledged entries fill the budget, or their log's share of it, so that
 * nothing more can be fetched. Once for each log, and again after everything of it was acknowledged in between.
 */
export async function noticeStalls({ lanes, budget, clock, settle }: StallOptions, signal: AbortSignal): Promise<void> {
  const seen = new Map<Lane, number>()
  const told = new Set<Lane>()
  while (!signal.aborted) {
    try {
      await clock.sleep(PATIENCE_MS, signal)
    } catch (error) {
      if (signal.aborted) return
      // The clock failed: going on would be a loop without a pause.
      throw error
    }
    settle()
    const isFull = isFilledBy(lanes, budget)
    for (const lane of lanes) {
      const { heldBytes, session, entries } = lane
      if (heldBytes === 0) told.delete(lane)
      const stands =
        seen.get(lane) === entries && heldBytes > 0 && (isFull || isFilledBy([lane], session.options.share))
      seen.set(lane, entries)
      if (!stands || told.has(lane)) continue
      told.add(lane)
      session.condition.noted(unacknowledged(lane, budget))
    }
  }
}

/** Whether a request waits for room in a budget in which the readers' entries of these logs take everything. */
function isFilledBy(lanes: readonly Lane[], budget: ByteBudget): boolean {
  return budget.hasWaiters && budget.used <= lanes.reduce((sum, lane) => sum + lane.heldBytes, 0)
}

function unacknowledged({ heldBytes, position, session }: Lane, budget: ByteBudget): CtStreamError {
  const { id: logId, url } = session.log
  return new CtStreamError(
    'CT_UNACKNOWLEDGED',
    `${url}: reading waits: ${heldBytes} bytes of entries from ${position.next} on were delivered and not acknowledged, of ` +
      `${budget.limit} that may be held (\`maxBufferedBytes\`); call acknowledge(cert) for what is finished with`,
    { logId, url, index: position.next, retryable: true },
  )
}
