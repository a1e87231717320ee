import { CtStreamError } from '../errors.js'
import { messageOf } from '../util/message-of.js'
import type { CommandContext } from './command.js'
import { usageError } from './flags/usage-error.js'

/** Has an error that is about the URL of `--db` name the flag, or where else it was given. */
export async function namingDb<T>({ values }: Pick<CommandContext, 'values'>, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (!CtStreamError.is(error) || error.code !== 'CT_OPTION_INVALID') throw error
    throw usageError(`${values.from('db')}: ${messageOf(error)}`, error)
  }
}
