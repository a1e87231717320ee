import type { AcknowledgedSource } from '../modules/source.js'
import type { CommandContext } from './command.js'
import { hasModules, moduleThreads } from './flags/module-flag.js'
import type { Surroundings } from './show-stream.js'

/**
 * A consumer that gives a stream to modules; `undefined` when there are none. Loads the code for modules only if there are any. The stream
 * must have manual acknowledgement.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a module that is not found or has a wrong option.
 */
export async function throughModules(
  context: CommandContext,
): Promise<((stream: AcknowledgedSource, surroundings: Surroundings) => Promise<void>) | undefined> {
  if (!hasModules(context)) return undefined
  const [{ modulesFor }, { runThroughModules }, { findingFormatFrom }] = await Promise.all([
    import('./modules/load.js'),
    import('./modules/run.js'),
    import('./formats/finding.js'),
  ])
  const { io, values } = context
  const format = findingFormatFrom(values, io)
  const threads = moduleThreads(context)
  const modules = await modulesFor(context)
  return (stream, surroundings) =>
    runThroughModules(stream, { ...surroundings, modules, threads, format, stop: io.stop, clock: io.clock })
}
