import type { ConfiguredModule } from '../../modules/definition.js'
import type { AcknowledgedSource } from '../../modules/source.js'
import type { Logger } from '../../types/clock.js'
import type { CtStreamOptions } from '../../types/stream-options.js'
import { askedStream } from '../asked-stream.js'
import type { CommandContext } from '../command.js'
import { DEFAULT_END_PATIENCE_MS } from '../flags/flags.js'
import { moduleThreads } from '../flags/module-flag.js'
import { findingFormatFrom } from '../formats/finding.js'
import { loadSpec } from '../modules/load.js'
import { runThroughModules } from '../modules/run.js'
import { moduleTools } from '../modules/tools.js'
import { type Surroundings, showStream } from '../show-stream.js'
import { announce } from './announce.js'
import type { WatchRequest } from './request.js'

export const WATCHLIST_NAME = 'ct-stream/modules/watchlist'

/** Watches until the stream ends or the user stops it. */
export async function watchNames(
  context: CommandContext,
  request: WatchRequest,
  options?: CtStreamOptions,
): Promise<void> {
  const { io, values } = context
  const isOfServer = options === undefined && values.has('source')
  const threads = moduleThreads(context)
  const asked = options ?? (await askedStream(context))
  const format = request.outputs.length === 0 ? findingFormatFrom(values, io) : undefined
  const modules = await modulesOf(context, request)
  announce(context, request)
  const consume = (stream: AcknowledgedSource, surroundings: Surroundings) =>
    runThroughModules(stream, { ...surroundings, modules, threads, format, stop: io.stop, clock: io.clock })
  if (isOfServer) return (await import('../from-server.js')).fromServer(context, { consume })
  const open = async (logger: Logger) => {
    const { ctStream } = await import('../../stream/ct-stream.js')
    return ctStream({ ...asked, acknowledge: 'manual', logger })
  }
  const { end, endPatienceMs = DEFAULT_END_PATIENCE_MS } = asked
  await showStream({ context, open, consume, end, endPatienceMs })
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag. */
async function modulesOf(
  context: CommandContext,
  { rules, outputs }: WatchRequest,
): Promise<readonly ConfiguredModule[]> {
  const tools = await moduleTools(context)
  const specs = [{ spec: { module: WATCHLIST_NAME, options: rules }, from: 'ct-stream watch' }, ...outputs]
  const loaded: ConfiguredModule[] = []
  for (const { spec, from } of specs) loaded.push(...(await loadSpec({ spec, from, folder: '.' }, tools)))
  return loaded
}
