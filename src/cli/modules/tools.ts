import { fetchThrough } from '../../http/proxy.js'
import type { CommandContext } from '../command.js'
import { proxyFrom } from '../flags/proxy.js'

/** Network access for modules of this package. */
export interface ModuleTools {
  readonly fetch?: typeof fetch
}

/**
 * Makes requests of modules go through the same proxy as those to logs.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming flag or variable.
 */
export async function moduleTools({ values, io }: CommandContext): Promise<ModuleTools> {
  const dispatcher = await proxyFrom(values, io.env)
  return dispatcher === undefined ? {} : { fetch: await fetchThrough(dispatcher) }
}
