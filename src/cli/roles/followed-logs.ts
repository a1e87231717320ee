import { openListedLog } from '../../logs/open-log.js'
import type { Logger } from '../../types/clock.js'
import type { LogInfo, LogSpec } from '../../types/log.js'
import type { LogSelection } from '../../types/log-list.js'
import type { CtStreamOptions } from '../../types/stream-options.js'
import { elapsedOf } from '../../util/clock.js'
import type { CommandContext } from '../command.js'
import { ListedLogs, listMissing, transportFrom } from '../listed-logs.js'

/** How long to wait at the beginning for a list of several, before the logs of the others are read without it. Milliseconds. */
const PATIENCE_MS = 5 * 60_000

/** The logs that a collector reads: those that the flags name or select. */
export interface FollowedLogs {
  /**
   * The logs at this moment.
   *
   * @throws {@link listMissing} in the first five minutes, while there is a list of which nothing is known, since a member that does not know
   * the logs of a shard would hold it without reading; what reading the lists fails with.
   */
  list(): Promise<readonly LogInfo[]>
  /** The option `logs` of a stream that reads some of them, or of those that have left the lists. */
  only(logs: readonly LogInfo[]): LogSelection | readonly LogSpec[]
  /** The log lists in use; `undefined` where there are none. */
  readonly copies: ListedLogs['copies'] | undefined
}

/** @param request - What the flags ask for. */
export function followedLogs(context: CommandContext, request: CtStreamOptions, logger: Logger): FollowedLogs {
  const { logs = {}, allowHttp = false } = request
  const infoOf = (log: Parameters<typeof openListedLog>[0]) => openListedLog(log, { transport: unused, allowHttp }).log
  if (Array.isArray(logs)) {
    const named = (logs as readonly LogSpec[]).map((spec) => ({ spec, info: infoOf(spec) }))
    return {
      list: async () => named.map(({ info }) => info),
      only: (mine) => named.filter(({ info }) => mine.some(({ id }) => id === info.id)).map(({ spec }) => spec),
      copies: undefined,
    }
  }
  const selection = logs as LogSelection
  const lists = new ListedLogs(context, passingTransport(context), logger, selection)
  const elapsed = elapsedOf(context.io.clock)
  const asked = elapsed()
  let isPatient = true
  return {
    async list() {
      const { logs, missing } = await lists.read()
      const [list] = missing
      if (isPatient && list !== undefined) {
        if (elapsed() - asked < PATIENCE_MS) throw listMissing(list)
        logger.warn('reading begins without the logs of this list', { list: list.list })
      }
      isPatient = false
      return logs.map(infoOf)
    },
    only(mine) {
      const ids = new Set(mine.map(({ id }) => id))
      return { ...selection, match: (log) => ids.has(log.id) && (selection.match?.(log) ?? true) }
    },
    copies: lists.copies,
  }
}

/** Connects for each request: lists are read every quarter of an hour. */
function passingTransport(context: CommandContext): ConstructorParameters<typeof ListedLogs>[1] {
  return {
    async get(url, options) {
      const transport = await transportFrom(context)
      try {
        return await transport.get(url, options)
      } finally {
        await transport.close()
      }
    },
  }
}

/** For clients that are made only to learn their log's id. */
const unused = { get: () => Promise.reject(new Error('not asked')), close: () => Promise.resolve() }
