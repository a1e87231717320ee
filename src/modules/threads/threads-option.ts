import { integerOption } from '../../util/options.js'

/** Most threads for modules. */
const MAX_THREADS = 16

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the option. */
export function threadsOption(name: string, value: number | undefined): number {
  return integerOption(name, value, 0, MAX_THREADS, 0)
}
