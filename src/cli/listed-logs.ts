import { createTransport } from '../http/create-transport.js'
import { withRetry } from '../http/retry.js'
import type { Transport } from '../http/transport.js'
import { userAgent } from '../http/user-agent.js'
import { MAX_LIST_BYTES } from '../loglist/defaults.js'
import { fetchListThrough } from '../loglist/fetch-through.js'
import type { ListStore } from '../loglist/list-copy.js'
import { wordsOf } from '../loglist/log-name.js'
import { unknownNames, unknownOperators } from '../loglist/select.js'
import { type LogListSnapshot, LogListSource } from '../loglist/source.js'
import type { StoredList } from '../types/checkpoint.js'
import type { Logger } from '../types/clock.js'
import type { LogSelection } from '../types/log-list.js'
import { suggest } from '../util/suggest.js'
import { VERSION } from '../version.js'
import { checkpointPath, openToRead } from './checkpoint-file.js'
import type { CommandContext } from './command.js'
import { contactFrom, logListsFrom } from './flags/addresses.js'
import { proxyFrom } from './flags/proxy.js'
import { usageError } from './flags/usage-error.js'
import type { Values } from './flags/values.js'

/** How long a command that makes a single request waits for the answer, milliseconds; a stream waits longer. */
const timeouts = { connectMs: 10_000, totalMs: 30_000 }
const LIST_ATTEMPTS = 3

/** A transport with the `User-Agent` for `--contact`. @throws {@link CtStreamError} `CT_OPTION_INVALID` for a wrong `--contact` or proxy. */
export async function transportFrom({ io, values }: CommandContext): Promise<Transport> {
  const dispatcher = await proxyFrom(values, io.env)
  return createTransport({
    userAgent: userAgent(VERSION, contactFrom(values)),
    timeouts,
    ...(dispatcher !== undefined && { dispatcher }),
  })
}

/**
 * The logs of the lists, as a stream with the same flags would see them: fetched, verified, merged. Where a list cannot be fetched, uses
 * the last good copy in the checkpoint file, without changing it.
 *
 * @throws {@link CtStreamError} `CT_LIST_*` when there is no list at all; `CT_OPTION_INVALID` for an unknown operator. Rejects with the
 * reason of `io.stop` when that aborts.
 */
export async function readListedLogs(
  { io, values }: CommandContext,
  transport: Transport,
  logger: Logger,
  selection: LogSelection = {},
): Promise<LogListSnapshot> {
  const { clock, stop: signal } = io
  const fetchList = fetchListThrough(transport, signal)
  const source = new LogListSource({
    logList: logListsFrom(values),
    selection,
    fetchList: (url, request) => withRetry(() => fetchList(url, request), { attempts: LIST_ATTEMPTS, clock, signal }),
    readFile: (path) => io.readFile(path, MAX_LIST_BYTES),
    store: keptLists(values, logger),
    clock,
    random: Math.random,
    allowHttp: values.switch('allow-http'),
  })
  const snapshot = await source.refresh(signal)
  for (const { list, error } of snapshot.failures) logger.warn('log list not renewed', { list, error })
  for (const { list, kind, log, message } of snapshot.problems)
    if (kind !== 'placeholder') logger.info(message, { list, log })
  refuseUnknown(snapshot, selection, values)
  return snapshot
}

/** The lists that a stream left in its checkpoint file, which is closed before any request. */
function keptLists(values: Values, logger: Logger): ListStore | undefined {
  const path = checkpointPath(values)
  if (path === undefined) return undefined
  let isUsable = true
  const read = async (url: string): Promise<StoredList | undefined> => {
    const store = await openToRead(path)
    try {
      return store?.list(url)
    } finally {
      store?.close()
    }
  }
  return {
    list: async (url) => {
      try {
        return isUsable ? await read(url) : undefined
      } catch (error) {
        // Only a copy: the list itself may be reachable.
        isUsable = false
        logger.warn('no log list from the checkpoint file', { error })
        return undefined
      }
    },
    putList: () => {},
  }
}

function refuseUnknown({ listed }: LogListSnapshot, selection: LogSelection, values: Values): void {
  const logs = [...listed.values()]
  const [operator] = unknownOperators(logs, selection)
  const [name] = unknownNames(logs, selection)
  const operators = logs.map(({ operator }) => operator)
  const names = logs.flatMap(({ description }) => [description, ...wordsOf(description)])
  if (operator !== undefined)
    throw usageError(`${values.from('operator')}: no log is operated by ${meant(operator, operators)}`)
  if (name !== undefined) throw usageError(`${values.from('log-name')}: no log is called ${meant(name, names)}`)
}

function meant(name: string, known: Iterable<string>): string {
  const suggestion = suggest(name, new Set(known))
  const hint = suggestion === undefined ? '' : `, did you mean ${JSON.stringify(suggestion)}?`
  return `${JSON.stringify(name)}${hint}`
}
