import type { Transport } from '../../http/transport.js'
import type { LogSpec } from '../../types/log.js'
import type { Command, CommandContext } from '../command.js'
import { flagsNamed, formatFlags, reportFlags } from '../flags.js'
import { formatFrom } from '../formats/format.js'
import { Output } from '../output.js'
import type { ProvenEntry } from '../proven-entry.js'
import { formatCount } from '../quantities.js'
import { logLevelFrom, reporter } from '../report.js'
import { specsFrom } from '../stream-options.js'
import { styleFor } from '../style.js'
import { usageError } from '../usage-error.js'

/** `ct-stream get <log> <index>`: one entry, proven to be in the log, as the stream would show it. */
export const get: Command = {
  name: 'get',
  summary: 'One entry of a log, its inclusion verified; <log> is an id, a URL or the beginning of a description.',
  positionals: ['log', 'index'],
  optional: ['log'],
  flags: [
    ...flagsNamed('log-list', 'log', 'key', 'submission-url', 'allow-http', 'checkpoint', 'no-checkpoint', 'contact'),
    ...formatFlags,
    ...reportFlags,
  ],
  run: showEntry,
}

async function showEntry(context: CommandContext): Promise<void> {
  const { io, values } = context
  const format = formatFrom(values, styleFor(io.stdout, io.env), io.stdout.isTTY ? 'pretty' : 'json')
  const { name, index, spec: given } = targetOf(context)
  const { transportFrom } = await import('../listed-logs.js')
  const { openLog } = await import('../../logs/open-log.js')
  const transport = transportFrom(values)
  try {
    const spec = given ?? (await listedSpec(context, name ?? '', transport))
    const client = openLog(spec, { transport, allowHttp: values.switch('allow-http') })
    const { provenEntry } = await import('../proven-entry.js')
    const proven = await provenEntry(client, index, { clock: io.clock, signal: io.stop })
    const { decodeEntry } = await import('../../decode/index.js')
    const { cursorKey, encodeCursor } = await import('../../stream/cursor.js')
    const cert = decodeEntry(proven.entry, {
      log: client.log,
      historical: true,
      cursor: () => encodeCursor([[cursorKey(client.log.id), index + 1]]),
      issuer: (fingerprint) => client.issuer(fingerprint, { signal: io.stop }),
    })
    // The message holds the chain of a static-ct entry only when that was asked for; without it, it is as good as can be.
    if (values.text('format') === 'certstream') await cert.chain().catch(() => {})
    await new Output(io.stdout).write(format(cert), io.stop)
    tellProof(context, proven)
  } finally {
    await transport.close()
  }
}

interface Target {
  readonly name: string | undefined
  readonly index: number
  readonly spec: LogSpec | undefined
}

function targetOf({ values, positionals }: CommandContext): Target {
  const specs = specsFrom(values)
  const [name, text] = positionals.length === 1 ? [undefined, positionals[0]] : positionals
  if (specs === undefined && name === undefined) throw usageError('ct-stream get needs <log> and <index>')
  if (specs !== undefined && name !== undefined)
    throw usageError(`${values.from('log')} and the argument ${JSON.stringify(name)} both name a log: leave one out`)
  if (specs !== undefined && specs.length > 1) throw usageError(`${values.from('log')} is given more than once`)
  const index = /^\d{1,16}$/.test(text ?? '') ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(index)) throw usageError(`<index> must be an integer from 0, got ${JSON.stringify(text)}`)
  return { name, index, spec: specs?.[0] }
}

async function listedSpec(context: CommandContext, name: string, transport: Transport): Promise<LogSpec> {
  const { io, values } = context
  const { readListedLogs } = await import('../listed-logs.js')
  const { findLog } = await import('../find-log.js')
  const { specOf } = await import('../../logs/listed-log.js')
  const logger = reporter(io.stderr, logLevelFrom(values), styleFor(io.stderr, io.env))
  const { listed } = await readListedLogs(context, transport, logger)
  return specOf(findLog(name, [...listed.values()]))
}

/** For people only: that it was printed at all says so too. */
function tellProof({ io, values }: CommandContext, { entry, head }: ProvenEntry): void {
  if (io.stderr.isTTY !== true || values.switch('quiet')) return
  const signed = new Date(head.timestamp).toISOString()
  const text = `entry ${entry.index} is in the tree of ${formatCount(head.treeSize)} entries signed ${signed}`
  io.stderr.write(`${styleFor(io.stderr, io.env).green('proven:')} ${text}\n`)
}
