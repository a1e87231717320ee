import type { CtStreamError } from '../errors.js'
import type { Gap } from './checkpoint.js'
import type { Cosignature, LogInfo, LogState, SignedHead } from './log.js'
import type { ListedLog, ListProblem } from './log-list.js'

/** Payload of each event of a stream. */
export interface CtStreamEvents {
  /** A log changed its state. */
  log: { readonly log: LogInfo; readonly state: LogState; readonly previous: LogState }
  /**
   * A new signed head was read and its signature verified. `cosignatures`: the other signature lines of a static-ct
   * checkpoint, unverified, at most 64, in the log's order; empty where there are none.
   */
  head: { readonly log: LogInfo; readonly head: SignedHead; readonly cosignatures: readonly Cosignature[] }
  /** Entries that will not be delivered. */
  gap: Gap
  /** What a log serves contradicts what it signed. The evidence has been stored, or the end of the message says why it could not be. */
  misbehaviour: { readonly log: LogInfo; readonly error: CtStreamError }
  /**
   * A log's trouble; the stream goes on and the request is tried again. Heads that are older than the log promised, or
   * signed ahead of time, are reported once, until it is over (`CT_HEAD_STALE`, `CT_HEAD_FUTURE`).
   */
  error: { readonly log: LogInfo; readonly error: CtStreamError }
  /** The log lists were read: what they add, change or take away. */
  list: {
    /** Logs followed now. */
    readonly selected: number
    /** Logs followed from now on. */
    readonly added: readonly ListedLog[]
    /** Logs no list wants any more; they finish their backlog first. */
    readonly removed: readonly ListedLog[]
    /** As they are now. */
    readonly changed: readonly ListedLog[]
    /** Lists that could not be renewed; their last good copy stays in use. */
    readonly failures: readonly { readonly list: string; readonly error: CtStreamError }[]
    /** What was left out of the lists, or is odd. */
    readonly problems: readonly ListProblem[]
  }
  /** Positions became durable. */
  commit: { readonly entries: number; readonly logs: number }
}
