import { CtStreamError } from '../errors.js'
import type { Evidence, Gap } from '../types/checkpoint.js'
import type { CtStreamEvents } from '../types/stream-events.js'
import { messageOf } from '../util/message-of.js'
import type { Committer } from './committer.js'
import type { ExclusiveStore } from './exclusive-store.js'
import type { LogSessionEvents } from './log/log-session-options.js'
import type { Missing } from './missing.js'
import type { Lane } from './reader/lane.js'
import type { Mixer } from './reader/mixer.js'
import type { Settings } from './settings.js'
import type { StatusBoard } from './status-board.js'
import { STORE_PATIENCE } from './store-queue.js'

/** Calls the listeners of a stream's event. */
export type Emit = <K extends keyof CtStreamEvents>(event: K, payload: CtStreamEvents[K]) => void

export interface SessionEventsContext {
  readonly settings: Pick<Settings, 'commit' | 'logger'>
  readonly committer: Committer
  readonly store: ExclusiveStore
  readonly mixer: Mixer
  readonly missing: Missing
  readonly board: StatusBoard
  readonly emit: Emit
}

/** Handles the events of a lane's session: stores them, hands pages to the reader, or emits them. */
export function sessionEvents(lane: Lane, context: SessionEventsContext): LogSessionEvents {
  const { settings, committer, mixer, missing, board, emit } = context
  const log = () => lane.session.log
  return {
    opened: () => begin(lane, context),
    deliver: (pages) => mixer.offer(lane, pages),
    state: (state, previous) => {
      board.changed()
      emit('log', { log: log(), state, previous })
    },
    head: (head, cosignatures) => {
      // Stored at once: even a crash must not lose an unchecked signed head.
      committer.changed()
      emit('head', { log: log(), head, cosignatures })
    },
    changed: () => committer.changed(),
    error: (error) => {
      board.changed()
      settings.logger.warn(error.message, { log: log().description })
      emit('error', { log: log(), error })
    },
    accuse: async (evidence, error) => {
      settings.logger.error(error.message, { log: log().description })
      const outcome = await keep(evidence, context)
      emit('misbehaviour', { log: log(), error: withOutcome(error, outcome) })
    },
    gap: (gap) => recordGap(gap, context),
    gaveUp: (reason) => missing.giveUp(log(), reason),
  }
}

/**
 * Stores evidence, and says what became of it. Never rejects: a record that a store does not take must not keep other logs from being read,
 * nor the misbehaviour from being reported.
 */
async function keep(evidence: Evidence, { store, settings }: SessionEventsContext): Promise<string> {
  try {
    return await store.addEvidence(evidence)
  } catch (error) {
    const outcome = `evidence could not be stored: ${messageOf(error)}`
    settings.logger.error(outcome, { log: evidence.log.description })
    return outcome
  }
}

function withOutcome(error: CtStreamError, outcome: string): CtStreamError {
  const { code, message, cause, retryable, logId, url, index, expected, actual } = error
  const context = { cause, retryable, logId, url, index, expected, actual }
  return new CtStreamError(code, `${message}; ${outcome}`, context)
}

/** Records entries that will not be delivered. */
export async function recordGap(
  gap: Gap,
  { missing, store, emit }: Pick<SessionEventsContext, 'missing' | 'store' | 'emit'>,
): Promise<void> {
  missing.addGap(gap)
  await store.addGap(gap)
  emit('gap', gap)
}

/** Stores where reading of a log began at once: after a crash before the first commit, it must not begin later. */
async function begin(lane: Lane, { settings, committer, store }: SessionEventsContext): Promise<void> {
  const { session, position } = lane
  // A log that came back continues where it was, because the reader may still have unacknowledged entries of it.
  if (!position.begun) position.begin(session.span.start ?? 0, session.window.startRange)
  if (settings.commit !== undefined) {
    committer.changed()
    return committer.commit(STORE_PATIENCE.backgroundMs)
  }
  // No other row is written: only the caller commits acknowledgements.
  const row = lane.checkpoint()
  if (row !== undefined) await store.commitFirst(row)
}
