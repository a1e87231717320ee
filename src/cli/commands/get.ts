import type { ProvenEntry } from '../../lookup/proven-entry.js'
import type { CtCertificate } from '../../types/certificate.js'
import type { CertificateJson } from '../../types/certificate-json.js'
import { harmlessJson } from '../../util/harmless.js'
import type { Command, CommandContext } from '../command.js'
import { detailFormatFlags, type Flag, flagsNamed, jsonFlag, reportFlags } from '../flags/flags.js'
import { usageError } from '../flags/usage-error.js'
import { type Format, formatFrom } from '../formats/format.js'
import { oneLog } from '../one-log.js'
import { Output } from '../terminal/output.js'
import { commandLogger } from '../terminal/report.js'
import { counted } from '../terminal/status-text.js'
import { styleFor } from '../terminal/style.js'

const proofFlag: Flag = { ...jsonFlag, note: 'the entry together with what proves it: head, leaf hash, audit path' }

/** `ct-stream get <log> <index>`: one entry, proven to be in the log, as the stream would show it. */
export const get: Command = {
  name: 'get',
  summary: 'One entry of a log, its inclusion verified; <log> is an id, a URL or the beginning of a description.',
  positionals: ['log', 'index'],
  optional: ['log'],
  flags: [
    ...flagsNamed(
      'log-list',
      'log',
      'key',
      'submission-url',
      'allow-http',
      'checkpoint',
      'no-checkpoint',
      'contact',
      'proxy',
    ),
    proofFlag,
    ...detailFormatFlags,
    ...reportFlags,
  ],
  examples: [
    ['ct-stream get argon2027h1 123456', 'an entry of a listed log'],
    ['ct-stream get argon2027h1 123456 --json', 'with what proves it'],
  ],
  run: showEntry,
}

async function showEntry(context: CommandContext): Promise<void> {
  const { io, values } = context
  const format = chosenFormat(context)
  const { name, index } = targetOf(context)
  const { transportFrom } = await import('../listed-logs.js')
  const { openListedLog } = await import('../../logs/open-log.js')
  const transport = await transportFrom(context)
  try {
    const spec = await oneLog(context, transport, commandLogger(context), name)
    const client = openListedLog(spec, { transport, allowHttp: values.switch('allow-http') })
    const { provenEntry } = await import('../../lookup/proven-entry.js')
    const { certificateOf } = await import('../../lookup/get-entry.js')
    const lookup = { clock: io.clock, signal: io.stop }
    const proven = await provenEntry(client, index, lookup)
    const cert = certificateOf(proven, client, lookup)
    await format?.fetch?.(cert).catch((error: unknown) => {
      // The entry is proven even without it.
      commandLogger(context).warn('chain not fetched', { log: client.log.description, index, error })
    })
    await new Output(io.stdout).write(format?.(cert) ?? provenJson(cert, proven), io.stop)
    tellProof(context, proven)
  } finally {
    await transport.close()
  }
}

/** The format; `undefined` for `--json`, unless a format was given in a nearer layer (a flag wins over variables and file). */
function chosenFormat({ io, values }: CommandContext): Format | undefined {
  const format = ['format', 'template'].find((name) => values.isFlag(name))
  if (format !== undefined && values.isFlag('json')) throw usageError(`--json and --${format} exclude each other`)
  if (values.switch('json') && format === undefined) return undefined
  return formatFrom(values, io, io.stdout.isTTY ? 'pretty' : 'json')
}

/** The JSON form of the entry with an additional member `proof`, whose bytes are base64, as in answers of RFC 6962. */
function provenJson(cert: CtCertificate, { head, leafHash, auditPath }: ProvenEntry): string {
  const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
  const json: CertificateJson & { readonly proof: object } = {
    ...cert.toJSON(),
    proof: {
      verified: true,
      log: cert.log.id,
      index: cert.index,
      leafHash: base64(leafHash),
      treeSize: head.treeSize,
      rootHash: base64(head.rootHash),
      timestamp: new Date(head.timestamp).toISOString(),
      signature: base64(head.signature),
      auditPath: auditPath.map(base64),
    },
  }
  return `${harmlessJson(json)}\n`
}

interface Target {
  readonly name: string | undefined
  readonly index: number
}

function targetOf({ values, positionals }: CommandContext): Target {
  const [name, text] = positionals.length === 1 ? [undefined, positionals[0]] : positionals
  if (!values.has('log') && name === undefined) throw usageError('ct-stream get needs <log> and <index>')
  const index = /^\d{1,16}$/.test(text ?? '') ? Number(text) : Number.NaN
  if (!Number.isSafeInteger(index)) throw usageError(`<index> must be an integer from 0, got ${JSON.stringify(text)}`)
  return { name, index }
}

/** Tells people that the entry is proven. Programs know because it was printed. */
function tellProof({ io, values }: CommandContext, { entry, head }: ProvenEntry): void {
  if (io.stderr.isTTY !== true || values.switch('quiet') || values.text('log-format') === 'json') return
  const signed = new Date(head.timestamp).toISOString()
  const text = `entry ${entry.index} is in the tree of ${counted(head.treeSize, 'entry', 'entries')} signed ${signed}`
  io.stderr.write(`${styleFor(io.stderr, io.env).green('proven:')} ${text}\n`)
}
