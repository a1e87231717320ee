import { CtStreamError } from '../../errors.js'
import type { Clock } from '../../types/clock.js'
import type { ByteBudget } from '../../util/byte-budget.js'
import type { Lane } from './lane.js'

/** How long nothing is acknowledged, while reading waits for it, before that is said; milliseconds. */
const PATIENCE_MS = 10_000

export interface StallOptions {
  readonly lanes: readonly Lane[]
  readonly budget: ByteBudget
  readonly clock: Clock
  /** Applies what is acknowledged. */
  readonly settle: () => void
}

/**
 * Says so when reading waits for the caller: what was delivered and not acknowledged fills the budget, or its log's share of it, so
 * that nothing more can be fetched. Once for each log, and again when the reader had finished with everything of it in between.
 */
export async function noticeStalls({ lanes, budget, clock, settle }: StallOptions, signal: AbortSignal): Promise<void> {
  const seen = new Map<Lane, number>()
  const told = new Set<Lane>()
  while (!signal.aborted) {
    try {
      await clock.sleep(PATIENCE_MS, signal)
    } catch (error) {
      if (signal.aborted) return
      // A clock that cannot wait: to go on would be to look without a pause.
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

/** Whether somebody waits for room in a budget that holds nothing but what the readers of these logs have. */
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
