import type { CtStreamError } from '../../errors.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { Clock, Logger } from '../../types/clock.js'
import type { FindingDraft } from '../../types/finding.js'
import type { CallFor } from '../../types/handling-module.js'
import type { Ticket } from '../acknowledger.js'
import type { Parking } from '../source.js'
import type { ModuleRunner } from './module-runner.js'

/** What a module needs from its run. */
export interface RunnerHost {
  readonly clock: Clock
  readonly elapsed: () => number
  readonly random: () => number
  readonly logger: Logger | undefined
  readonly rememberFindingsMs: number
  /** Aborts when the run stops all work. */
  readonly stop: AbortSignal
  /** Present if the source can set entries aside. */
  readonly parking: Parking | undefined
  /** Present if the source has to know for which module a handler is called. */
  readonly callFor: CallFor | undefined
  /** How many modules entries wait for. */
  readonly waitedFor: number
  /** Passes a finding to later modules; returns `false` for a repeat. */
  report(from: ModuleRunner, draft: FindingDraft, certificate: CtCertificate, ticket: Ticket): boolean
  /** Has findings about this certificate passed on again when it comes again: it was set aside, or is for another processor to finish. */
  forget(certificate: CtCertificate): void
  /** Whether the later modules that must get every finding have room. */
  hasRoomBehind(from: ModuleRunner): boolean
  /** Resolves when they have room. */
  roomBehind(from: ModuleRunner): Promise<void>
  /** Ends the run. */
  fail(error: CtStreamError): void
}
