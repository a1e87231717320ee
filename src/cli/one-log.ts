import type { Transport } from '../http/transport.js'
import type { Logger } from '../types/clock.js'
import type { LogSpec } from '../types/log.js'
import type { ListedLog } from '../types/log-list.js'
import type { CommandContext } from './command.js'
import { usageError } from './flags/usage-error.js'

/**
 * The log of a command: its first argument, which is looked up in the lists, or `--log`.
 *
 * @param name - That argument; `undefined` where it is not given.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for none, several, or both.
 */
export async function oneLog(
  context: CommandContext,
  transport: Transport,
  logger: Logger,
  name: string | undefined,
): Promise<LogSpec | ListedLog> {
  const { values } = context
  if (values.has('log') && name !== undefined)
    throw usageError(`${values.from('log')} and the argument ${JSON.stringify(name)} both name a log: leave one out`)
  if (values.list('log').length > 1) throw usageError(`${values.from('log')} is given more than once`)
  const { specsFor } = await import('./flags/log-sources.js')
  const [spec] = (await specsFor(context)) ?? []
  if (spec !== undefined) return spec
  if (name === undefined) throw usageError('a log is needed: <log> or --log')
  const { readListedLogs } = await import('./listed-logs.js')
  const { findLog } = await import('./find-log.js')
  const { listed } = await readListedLogs(context, transport, logger)
  return findLog(name, [...listed.values()])
}
