import { CtStreamError } from '../../errors.js'
import type { Transport } from '../../http/transport.js'
import { listTransport } from '../../modules/list-transport.js'
import { WatchedLists } from '../../modules/watched-lists.js'
import type { WatchlistModuleOptions } from '../../modules/watchlist.js'
import type { WatchlistOptions } from '../../watchlist/options.js'
import type { Watchlist } from '../../watchlist/watchlist.js'
import type { CommandContext } from '../command.js'
import { usageError } from '../flags/usage-error.js'
import { moduleTools } from '../modules/tools.js'

/** The rules of a command line, without those in lists. */
export function rulesIn({ own, brands, allow, issuers }: WatchlistModuleOptions): WatchlistOptions {
  return {
    ...(own && { own }),
    ...(allow && { allow }),
    ...(issuers && { issuers }),
    ...(brands && {
      brands: brands.map(({ name, tokens, domains = [], allow = [] }) => ({ name, tokens, domains, allow })),
    }),
  }
}

/**
 * All rules, including those in lists, which are read once.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming list and line.
 */
export async function compiledRules(options: WatchlistModuleOptions, context: CommandContext): Promise<Watchlist> {
  const tools = await moduleTools(context)
  let transport: Promise<Transport> | undefined
  const lists = new WatchedLists({
    rules: rulesIn(options),
    files: options.lists ?? {},
    log: silent,
    transport: () => (transport ??= listTransport(tools.fetch)),
  })
  try {
    await lists.open(context.io.stop)
    return lists.watchlist
  } catch (error) {
    throw CtStreamError.is(error) && error.code === 'CT_WATCHLIST_INVALID' ? usageError(error.message, error) : error
  } finally {
    await (await transport)?.close()
  }
}

const silent = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }
