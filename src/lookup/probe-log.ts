import type { LogClient } from '../logs/client.js'
import { headDueMs } from '../logs/head-due.js'
import type { LogSpec } from '../types/log.js'
import type { ListedLog } from '../types/log-list.js'
import type { LogProbe, LookupOptions } from '../types/lookup.js'
import { headTimeProblem } from '../verify/head-times.js'
import { type Lookup, lookUp, patiently } from './lookup.js'

export function lookUpHead(log: LogSpec | ListedLog, options: LookupOptions | undefined): Promise<LogProbe> {
  return lookUp(log, options, (client, lookup) => patiently(lookup, (fresh) => probe(client, log, lookup, fresh)))
}

/** Asks once. */
export async function probe(
  client: LogClient,
  log: LogSpec | ListedLog,
  { clock, signal }: Lookup,
  fresh = false,
): Promise<LogProbe> {
  const head = await client.head({ signal, fresh })
  const now = clock.now()
  const mmdMs = headDueMs(log, now)
  const problem = headTimeProblem(head, head, { log: client.log, now, mmdMs, everyMs: 0 })
  return { log: client.log, head, mmdMs, problem }
}
