import type { CtStreamError } from '../../errors.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { Clock, Logger } from '../../types/clock.js'
import type { FindingDraft } from '../../types/finding.js'
import type { Ticket } from '../acknowledger.js'
import type { Parking } from '../source.js'
import type { ModuleRunner } from './module-runner.js'

/** What a module needs of the run it is part of. */
export interface RunnerHost {
  readonly clock: Clock
  readonly elapsed: () => number
  readonly random: () => number
  readonly logger: Logger | undefined
  /** Aborts when the run is stopped for good. */
  readonly stop: AbortSignal
  /** Of a source that can set entries aside. */
  readonly parking: Parking | undefined
  /** Passes a finding to later modules. `false`: it is a repeat. */
  report(from: ModuleRunner, draft: FindingDraft, certificate: CtCertificate, ticket: Ticket): boolean
  /** Whether those who get this module's findings, and leave out none, have room. */
  hasRoomBehind(from: ModuleRunner): boolean
  /** Resolves when they have. */
  roomBehind(from: ModuleRunner): Promise<void>
  /** Ends the run. */
  fail(error: CtStreamError): void
}
