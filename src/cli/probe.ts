import { CtStreamError } from '../errors.js'
import { OperatorQueues } from '../http/operator-queues.js'
import type { Transport } from '../http/transport.js'
import { openListedLog } from '../logs/open-log.js'
import { probe } from '../lookup/probe-log.js'
import type { Clock } from '../types/clock.js'
import type { SignedHead } from '../types/log.js'
import type { ListedLog } from '../types/log-list.js'

/**
 * Result of reading a log's head: the verified head, its highest allowed age (milliseconds; `undefined` for a log that accepts no more
 * entries), and what is wrong with its time, if anything; or the error.
 */
export type Probe =
  | { readonly head: SignedHead; readonly mmdMs: number | undefined; readonly problem: CtStreamError | undefined }
  | { readonly error: CtStreamError }

export interface ProbeOptions {
  readonly transport: Transport
  readonly allowHttp: boolean
  readonly signal: AbortSignal
  readonly clock: Clock
}

/**
 * Reads the newest head of every log once, a few at a time (as many as a stream would). Results by log id.
 *
 * Rejects only with `signal.reason`: what is wrong with a log is part of the result.
 */
export async function probeLogs(
  logs: readonly ListedLog[],
  { transport, allowHttp, signal, clock }: ProbeOptions,
): Promise<ReadonlyMap<string, Probe>> {
  const queues = new OperatorQueues()
  const outcome = async (log: ListedLog): Promise<Probe> => {
    try {
      const client = openListedLog(log, { transport, allowHttp })
      const slot = { log: log.id, operator: log.operator, signal }
      return await queues.run(slot, () => probe(client, log, { clock, signal }))
    } catch (error) {
      if (signal.aborted || !CtStreamError.is(error)) throw error
      return { error }
    }
  }
  return new Map(await Promise.all(logs.map(async (log) => [log.id, await outcome(log)] as const)))
}
