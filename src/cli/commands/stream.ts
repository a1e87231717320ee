import type { Logger } from '../../types/clock.js'
import type { CtStreamOptions } from '../../types/stream.js'
import type { Command, CommandContext } from '../command.js'
import { formatFlags, reportFlags, streamFlags } from '../flags/flags.js'
import { usageError } from '../flags/usage-error.js'
import { watch } from '../watch.js'

/** As the library's, which is not loaded before it is needed. */
const DEFAULT_PATIENCE_MS = 60_000

/** `ct-stream`: certificates to stdout as the logs publish them. */
export const stream: Command = {
  name: 'stream',
  summary: 'Certificates from Certificate Transparency logs, verified, as they are published.',
  positionals: [],
  flags: [...streamFlags, ...formatFlags, ...reportFlags],
  examples: [
    ['ct-stream', 'all public logs from now on: text on a terminal, JSON lines in a pipe'],
    ['ct-stream --domain example.com --dedupe issuance', 'what is issued for a domain and all below, once each'],
    ['ct-stream --operator google --start 2h --end head', 'the last two hours of one operator, then end'],
    ["ct-stream --template '{timestamp} {dnsNames}' | head", 'lines of your own; a closed pipe ends it'],
  ],
  async run(context) {
    const { specsFor } = await import('../flags/log-sources.js')
    const { streamRequest } = await import('../flags/stream-options.js')
    const request = streamRequest(context.values, {
      now: context.io.clock.now(),
      domainsFile: await readDomains(context),
      specs: context.values.has('log') ? await specsFor(context) : undefined,
    })
    const { proxyFrom } = await import('../flags/proxy.js')
    const dispatcher = await proxyFrom(context.values, context.io.env)
    const open = async (logger: Logger) => {
      const { ctStream } = await import('../../stream/ct-stream.js')
      const options: CtStreamOptions = { ...request, ...(dispatcher !== undefined && { dispatcher }), logger }
      return ctStream(options)
    }
    const { end, endPatienceMs = DEFAULT_PATIENCE_MS } = request
    await watch({ context, open, end, endPatienceMs })
  },
}

/** Two million patterns. */
const maxDomainsBytes = 64 * 1024 * 1024

async function readDomains({ io, values }: CommandContext): Promise<string | undefined> {
  const path = values.text('domains-file')
  if (path === undefined) return undefined
  try {
    return new TextDecoder().decode(await io.readFile(path, maxDomainsBytes))
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause)
    throw usageError(`${values.from('domains-file')} cannot be read: ${reason}`, cause)
  }
}
