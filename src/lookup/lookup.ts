import { createTransport } from '../http/create-transport.js'
import { withRetry } from '../http/retry.js'
import { userAgent } from '../http/user-agent.js'
import type { LogClient } from '../logs/client.js'
import { specOf } from '../logs/listed-log.js'
import { openLog } from '../logs/open-log.js'
import { settingsOf } from '../stream/settings.js'
import type { Clock } from '../types/clock.js'
import type { LogSpec } from '../types/log.js'
import type { ListedLog } from '../types/log-list.js'
import type { LookupOptions } from '../types/lookup.js'
import { objectOption, optionError } from '../util/options.js'
import { VERSION } from '../version.js'

/** How long one request may take, milliseconds; a stream has more patience than somebody who waits for one answer. */
const TIMEOUTS = { connectMs: 10_000, totalMs: 30_000 }
export const ATTEMPTS = 3

const KEYS = ['contact', 'dispatcher', 'fetch', 'allowHttp', 'signal', 'clock'] as const

/** What asks once of a log goes by. */
export interface Lookup {
  readonly clock: Clock
  readonly signal: AbortSignal
}

/** Opens a log for one question, and closes its connections when that is answered. */
export async function lookUp<T>(
  log: LogSpec | ListedLog,
  given: LookupOptions | undefined,
  ask: (client: LogClient, lookup: Lookup) => Promise<T>,
): Promise<T> {
  const { contact, dispatcher, fetch, allowHttp, clock, signal } = settingsOf(
    objectOption<LookupOptions>('options', given ?? {}, KEYS),
  )
  if (typeof log !== 'object' || log === null)
    throw optionError('log', 'an object with a `kind`, its URL and `key`', log)
  const transport = createTransport({
    userAgent: userAgent(VERSION, contact),
    timeouts: TIMEOUTS,
    dispatcher: dispatcher as never,
    fetch,
  })
  try {
    const client = openLog('lists' in log ? specOf(log) : log, { transport, allowHttp })
    return await ask(client, { clock, signal: signal ?? new AbortController().signal })
  } finally {
    await transport.close()
  }
}

/** Tries again what fails in a passing way. @param ask - Called with whether to go past caches, on a new connection. */
export function patiently<T>({ clock, signal }: Lookup, ask: (fresh: boolean) => Promise<T>): Promise<T> {
  return withRetry((attempt) => ask(attempt > 1), { attempts: ATTEMPTS, clock, signal })
}
