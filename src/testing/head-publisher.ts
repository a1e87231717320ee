import type { SignedHead } from '../types/log.js'
import type { LogState } from './log-state.js'
import { renderCheckpoint, Witness } from './signing.js'

export interface HeadPublisherOptions {
  /** Whether to add meaningless lines among the signatures. */
  readonly grease: boolean
  /** Number of witnesses. */
  readonly witnesses: number
  /** Origin line; called when a checkpoint is written, because it may depend on the port. */
  readonly origin: () => string
  /** Called with each head before it can be read. */
  readonly onPublished: (head: SignedHead) => void
}

/** Signs the heads of a log, and writes each as a checkpoint once. */
export class HeadPublisher {
  /** Raw Ed25519 keys, 32 bytes, in the order of the names `witness-0.example`, …. */
  readonly witnessKeys: readonly Uint8Array[]
  private readonly state: LogState
  private readonly options: HeadPublisherOptions
  private readonly witnesses: readonly Witness[]
  private readonly checkpoints = new WeakMap<SignedHead, string>()

  constructor(state: LogState, options: HeadPublisherOptions) {
    this.state = state
    this.options = options
    this.witnesses = Array.from({ length: options.witnesses }, (_, i) => new Witness(`witness-${i}.example`))
    this.witnessKeys = this.witnesses.map((witness) => Uint8Array.from(witness.publicKey))
  }

  /** Signs a head over everything added. @param timestamp - Default: now, and later than the one before. */
  publish(timestamp?: number): SignedHead {
    const head = this.state.publish(timestamp)
    this.options.onPublished(head)
    return head
  }

  /** The signed note of a head of this log or of a fork of it. */
  checkpointOf(head: SignedHead): string {
    const known = this.checkpoints.get(head)
    if (known !== undefined) return known
    const { grease, origin } = this.options
    const note = renderCheckpoint(head, origin(), this.state.key.logId, { grease, witnesses: this.witnesses })
    this.checkpoints.set(head, note)
    return note
  }
}
