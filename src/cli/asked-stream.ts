import type { LogSpec } from '../types/log.js'
import type { CtStreamOptions } from '../types/stream-options.js'
import type { CommandContext } from './command.js'
import { usageError } from './flags/usage-error.js'

/**
 * Options of the stream from the flags in `streamFlags` and the proxy in the environment. Loads the code for it only when called. For a
 * stream without an end or limit, waits while a log of `--log` cannot be asked for its description.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag; what fetching the description of a log fails with;
 * `stoppedBefore` when `io.stop` aborts the waiting.
 */
export async function askedStream(context: CommandContext): Promise<CtStreamOptions> {
  return requestOf(context, context.values.has('log') ? await namedLogs(context) : undefined)
}

/** Options of a stream that begins later, when its logs are known. */
export interface AskedLater {
  /** Those that are known now: all but {@link CtStreamOptions.logs}. */
  readonly known: CtStreamOptions
  /** All of them. Rejects with what fetching the description of a log fails with; can then be called again. */
  all(): Promise<CtStreamOptions>
}

/**
 * As {@link askedStream}, for a command that has something to do before its logs are known: does not wait for a network.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag.
 */
export async function askedLater(context: CommandContext): Promise<AskedLater> {
  if (!context.values.has('log')) {
    const request = await requestOf(context, undefined)
    const { logs: _, ...known } = request
    return { known, all: async () => request }
  }
  const [{ specsFor }, { isNoNetwork }] = await Promise.all([
    import('./flags/log-sources.js'),
    import('./until-there.js'),
  ])
  let specs = await specsFor(context).catch((error) => {
    // What is wrong with the flags is said at once.
    if (!isNoNetwork(error)) throw error
    return undefined
  })
  const { logs: _, ...known } = await requestOf(context, specs ?? [])
  return {
    known,
    async all() {
      specs ??= await specsFor(context)
      return { ...known, ...(specs !== undefined && { logs: specs }) }
    },
  }
}

async function requestOf(context: CommandContext, specs: readonly LogSpec[] | undefined): Promise<CtStreamOptions> {
  const [{ streamRequest }, { proxyFrom }] = await Promise.all([
    import('./flags/stream-options.js'),
    import('./flags/proxy.js'),
  ])
  const { io, values } = context
  const request = streamRequest(values, { now: io.clock.now(), domainsFile: await readDomains(context), specs })
  const dispatcher = await proxyFrom(values, io.env)
  return { ...request, ...(dispatcher !== undefined && { dispatcher }) }
}

async function namedLogs(context: CommandContext): Promise<readonly LogSpec[] | undefined> {
  const [{ specsFor }, { endFrom }, { commandLogger }, { isNoNetwork, stoppedBefore, untilThere }] = await Promise.all([
    import('./flags/log-sources.js'),
    import('./flags/when.js'),
    import('./terminal/report.js'),
    import('./until-there.js'),
  ])
  const { io, values } = context
  if ((endFrom(values) ?? 'never') !== 'never' || values.has('limit')) return specsFor(context)
  let specs: readonly LogSpec[] | undefined
  const attempt = async () => {
    specs = await specsFor(context)
  }
  const { clock, stop } = io
  const logger = commandLogger(context)
  try {
    await untilThere(attempt, { waitsFor: isNoNetwork, logger, clock, stop })
  } catch (error) {
    if (!stop.aborted) throw error
  }
  if (stop.aborted) throw stoppedBefore
  return specs
}

/** Longest file of patterns, room for two million. */
const MAX_DOMAINS_BYTES = 64 * 1024 * 1024

async function readDomains({ io, values }: CommandContext): Promise<string | undefined> {
  const path = values.text('domains-file')
  if (path === undefined) return undefined
  try {
    return new TextDecoder().decode(await io.readFile(path, MAX_DOMAINS_BYTES))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw usageError(`${values.from('domains-file')} cannot be read: ${reason}`, cause)
  }
}
