import type { CtStreamError } from '../../errors.js'
import { isDisproof } from '../../poll/log-requests.js'
import type { LinkedController } from '../../util/abort.js'
import { PassedOver } from './attempt.js'
import type { LogHeads } from './log-heads.js'
import type { LogSessionOptions } from './log-session-options.js'
import type { ProofWindow } from './proof-window.js'
import type { OpeningSession, ReadingSpan } from './reading-span.js'

/** The session of a log that was accused. */
export interface AccusedSession extends OpeningSession {
  readonly options: LogSessionOptions
  /** The session's own: aborting it ends the session. */
  readonly controller: LinkedController
  readonly logHeads: LogHeads
  readonly window: ProofWindow
  readonly span: ReadingSpan
}

/**
 * Hands entries on without proof, up to the contradictory head, if `onMisbehaviour` allows it.
 *
 * @param rewind - Goes back to the proven position, to request everything after it again and bypass caches.
 * @returns Whether any entries were handed on.
 */
export async function goOnUnproven(
  { code }: CtStreamError,
  session: AccusedSession,
  rewind: () => void,
): Promise<boolean> {
  const { options, window, logHeads, span, controller } = session
  if (options.settings.onMisbehaviour !== 'continue-unverified') return false
  if (window.handOnHeld(code)) return true
  const { head } = logHeads.known.disputed
  // A head without a valid signature may not be the log's, so the extent of the log is unknown.
  if (head === undefined || code === 'CT_HEAD_SIGNATURE') return false
  rewind()
  if (span.start === undefined) return span.openUnproven(session)
  const before = window.handedOn
  try {
    await window.readUnproven(code, Math.min(head.treeSize, span.end), head.treeSize)
  } catch (error) {
    controller.signal.throwIfAborted()
    // The request is repeated by the usual retry.
    if (!isDisproof(error) && !(error instanceof PassedOver)) throw error
  }
  return window.handedOn > before
}
