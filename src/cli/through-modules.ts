import type { AcknowledgedSource } from '../modules/source.js'
import type { CommandContext } from './command.js'
import { hasModules, moduleThreads } from './flags/module-specs.js'
import type { Surroundings } from './watch.js'

/**
 * What becomes of a stream that goes through modules; `undefined` when none are asked for. Everything of modules is loaded here, and only
 * then. The stream must be acknowledged by hand.
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
