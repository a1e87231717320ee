import { pump } from '../sinks/pump.js'
import type { CtStream } from '../stream/ct-stream.js'
import type { CheckpointStore } from '../types/checkpoint.js'
import type { Clock, Logger } from '../types/clock.js'
import type { Sink } from '../types/cluster.js'
import type { EndOption } from '../types/stream-options.js'
import { SaidBefore } from './terminal/said-before.js'
import { isNoNetwork, untilThere } from './until-there.js'

export interface PatientPumpOptions {
  readonly sink: Sink
  /** Makes a stream; called for each try, and each time the sink has been opened again. */
  readonly stream: (store: CheckpointStore | undefined, logger: Logger) => CtStream
  readonly end: EndOption | undefined
  readonly logger: Logger
  readonly clock: Clock
  /** Ends it. */
  readonly stop: AbortSignal
}

/** Pumps a stream into a sink. Without an end, it begins as soon as there is a network: until then it tries again and again. */
export async function patientPump({ sink, stream, end, logger, clock, stop }: PatientPumpOptions): Promise<void> {
  const saidBefore = new SaidBefore(logger)
  const attempt = () => {
    const said = saidBefore.nextTry()
    return pump({ sink, signal: stop, clock, logger: said, stream: (store) => stream(store, said) })
  }
  if ((end ?? 'never') !== 'never') return attempt()
  await untilThere(attempt, { waitsFor: isNoNetwork, logger, clock, stop })
}
