import { CtStreamError } from '../errors.js'
import { createTransport } from '../http/create-transport.js'
import { withRetry } from '../http/retry.js'
import type { Transport } from '../http/transport.js'
import { userAgent } from '../http/user-agent.js'
import { MAX_LIST_BYTES } from '../loglist/defaults.js'
import { fetchListThrough, type ListTransport } from '../loglist/fetch-through.js'
import type { ListStore } from '../loglist/list-copy.js'
import { wordsOf } from '../loglist/log-name.js'
import { unknownNames, unknownOperators } from '../loglist/select.js'
import { type ListFailure, type LogListSnapshot, LogListSource } from '../loglist/source.js'
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

const missing = new WeakSet<CtStreamError>()

/** For a log list that cannot be fetched, and of which there is no copy: it may come later. */
export function listMissing({ list, error }: ListFailure): CtStreamError {
  const made = new CtStreamError(
    'CT_LIST_INVALID',
    `the log list ${JSON.stringify(list)} is missing: ${error.message}`,
    {
      retryable: true,
      cause: error,
      ...(error.url !== undefined && { url: error.url }),
    },
  )
  missing.add(made)
  return made
}

export const isListMissing = (error: unknown): boolean => CtStreamError.is(error) && missing.has(error)

/**
 * The log lists of the flags, for as long as somebody reads them. Where one cannot be fetched, uses the last good copy: its own, or before
 * there is one that in the checkpoint file, which it does not change.
 */
export class ListedLogs {
  /** The copies in use. */
  readonly copies: ListStore
  private readonly context: CommandContext
  private readonly logger: Logger
  private readonly selection: LogSelection
  private readonly source: LogListSource

  constructor(context: CommandContext, transport: ListTransport, logger: Logger, selection: LogSelection = {}) {
    const { io, values } = context
    const { clock, stop: signal } = io
    const fetchList = fetchListThrough(transport, signal)
    this.context = context
    this.logger = logger
    this.selection = selection
    this.copies = inMemory(keptLists(values, logger))
    this.source = new LogListSource({
      logList: logListsFrom(values),
      selection,
      fetchList: (url, request) => withRetry(() => fetchList(url, request), { attempts: LIST_ATTEMPTS, clock, signal }),
      readFile: (path) => io.readFile(path, MAX_LIST_BYTES),
      store: this.copies,
      clock,
      random: Math.random,
      allowHttp: values.switch('allow-http'),
    })
  }

  /**
   * The logs as a stream with the same flags would see them now: fetched, verified, merged. Not to be called again before it is done.
   *
   * @throws {@link CtStreamError} `CT_LIST_*` when there is no list at all; `CT_OPTION_INVALID` for an operator or a log that no list names;
   * {@link listMissing} where that may be in a list which is missing. Rejects with the reason of `io.stop` when that aborts.
   */
  async read(): Promise<LogListSnapshot> {
    const { logger, selection, context } = this
    const snapshot = await this.source.refresh(context.io.stop)
    for (const { list, error } of snapshot.failures) logger.warn('log list not renewed', { list, error })
    for (const { list, kind, log, message } of snapshot.problems)
      if (kind !== 'placeholder') logger.info(message, { list, log })
    refuseUnknown(snapshot, selection, context.values)
    return snapshot
  }
}

/** {@link ListedLogs.read}, once. */
export function readListedLogs(
  context: CommandContext,
  transport: ListTransport,
  logger: Logger,
  selection?: LogSelection,
): Promise<LogListSnapshot> {
  return new ListedLogs(context, transport, logger, selection).read()
}

/** Keeps in memory what is put, over the copies that there are. */
function inMemory(before: ListStore | undefined): ListStore {
  const copies = new Map<string, StoredList>()
  return {
    list: async (url) => copies.get(url) ?? before?.list(url),
    putList: (list) => void copies.set(list.url, list),
  }
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

function refuseUnknown({ listed, missing }: LogListSnapshot, selection: LogSelection, values: Values): void {
  const logs = [...listed.values()]
  const [operator] = unknownOperators(logs, selection)
  const [name] = unknownNames(logs, selection)
  const [list] = missing
  if (list !== undefined && (operator ?? name) !== undefined) throw listMissing(list)
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
