import type { CtStreamOptions } from '../types/stream.js'
import type { CommandContext } from './command.js'
import { usageError } from './flags/usage-error.js'

/**
 * Options of the stream from the flags in `streamFlags` and the proxy in the environment. Loads the code for it only when called.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag.
 */
export async function askedStream(context: CommandContext): Promise<CtStreamOptions> {
  const [{ specsFor }, { streamRequest }, { proxyFrom }] = await Promise.all([
    import('./flags/log-sources.js'),
    import('./flags/stream-options.js'),
    import('./flags/proxy.js'),
  ])
  const { io, values } = context
  const request = streamRequest(values, {
    now: io.clock.now(),
    domainsFile: await readDomains(context),
    specs: values.has('log') ? await specsFor(context) : undefined,
  })
  const dispatcher = await proxyFrom(values, io.env)
  return { ...request, ...(dispatcher !== undefined && { dispatcher }) }
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
