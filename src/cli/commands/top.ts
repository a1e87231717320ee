import type { Command, CommandContext } from '../command.js'
import { flagsNamed, noCheckpointFlag } from '../flags/flags.js'
import { sourceFlag } from '../flags/source-flag.js'
import { usageError } from '../flags/usage-error.js'
import { showTop } from '../top/show-top.js'

/** `ct-stream top`: the logs on a whole terminal, as they are now. */
export const top: Command = {
  name: 'top',
  summary: 'A screen of all logs: state, lag, rate, errors; sort, filter, pause.',
  positionals: [],
  flags: [
    ...flagsNamed('log-list', 'operator', 'log-name', 'kind', 'log', 'key', 'submission-url', 'start'),
    ...flagsNamed('domain', 'domains-file', 'match', 'issuer', 'only', 'verify', 'contact', 'proxy', 'allow-http'),
    sourceFlag,
    noCheckpointFlag,
  ],
  examples: [
    ['ct-stream top', 'all public logs; q quits, / filters, a letter sorts'],
    ['ct-stream top --operator google', 'the logs of one operator'],
    ['ct-stream top --source wss://certstream.example/full-stream', 'the logs that a CertStream server reads'],
  ],
  whenStopped: 'done',
  run: runTop,
}

/** Reads the logs itself without positions, so that it does not disturb a running stream. */
async function runTop(context: CommandContext): Promise<void> {
  const { io, values } = context
  if (io.stdout.isTTY !== true || io.env.TERM === 'dumb')
    throw usageError('top needs a terminal; ct-stream status --json is for programs')
  const sources = await import('../top/sources.js')
  await showTop({ io, open: await (values.has('source') ? sources.ofServer(context) : sources.ofLogs(context)) })
}
