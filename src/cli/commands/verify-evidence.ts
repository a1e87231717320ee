import { CtStreamError } from '../../errors.js'
import type { EvidenceVerdict } from '../../types/evidence.js'
import { harmless, harmlessJson } from '../../util/harmless.js'
import type { Command, CommandContext } from '../command.js'
import { jsonFlag, logKeyFlag } from '../flags/flags.js'
import { keyOf } from '../flags/log-key.js'
import { usageError } from '../flags/usage-error.js'
import { Output } from '../terminal/output.js'
import { type Style, styleFor } from '../terminal/style.js'

/** `ct-stream verify-evidence FILE…`: checks evidence, whoever wrote it, by the log's signatures. */
export const verifyEvidenceCommand: Command = {
  name: 'verify-evidence',
  summary: "Checks files of evidence against the log's own signatures; exits 0 when all hold, 1 when one does not.",
  positionals: ['file'],
  repeats: true,
  flags: [
    { ...logKeyFlag, note: 'for documents without it; or to insist on it' },
    { ...jsonFlag, note: 'an object for each file' },
  ],
  examples: [['ct-stream verify-evidence *.json', 'what each file proves, whoever wrote it']],
  run: verifyFiles,
}

/** Result for one file. */
interface Outcome {
  readonly file: string
  readonly verdict?: EvidenceVerdict
  /** Why the file cannot be read. */
  readonly error?: string
}

async function verifyFiles(context: CommandContext): Promise<void> {
  const { io, values, positionals } = context
  const style = styleFor(io.stdout, io.env)
  const output = new Output(io.stdout)
  const outcomes: Outcome[] = []
  for (const file of positionals) {
    const outcome = await outcomeOf(file, context)
    outcomes.push(outcome)
    await output.write(values.switch('json') ? outcomeJson(outcome) : outcomeText(outcome, style), io.stop)
  }
  const unreadable = outcomes.filter(({ error }) => error !== undefined).length
  if (unreadable > 0) throw usageError(`${countText(unreadable, positionals.length)} cannot be read as evidence`)
  const failed = outcomes.filter(({ verdict }) => verdict?.holds === false).length
  if (failed > 0)
    throw new CtStreamError('CT_EVIDENCE_INVALID', `${countText(failed, positionals.length)} does not hold as evidence`)
}

async function outcomeOf(file: string, context: CommandContext): Promise<Outcome> {
  const { io, values } = context
  const { verifyEvidence } = await import('../../verify/verify-evidence.js')
  const { MAX_EVIDENCE_BYTES, readEvidence } = await import('../../verify/evidence-document.js')
  const { LogKey } = await import('../../wire/head-signature.js')
  const keys = await Promise.all(values.list('key').map((key) => keyOf(context, key)))
  try {
    const bytes = await io.readFile(file, MAX_EVIDENCE_BYTES)
    const document = readEvidence(bytes)
    const key = keys.find((one) => new LogKey(one).id === document.log.id) ?? keys[0]
    return { file, verdict: verifyEvidence(document, { key }) }
  } catch (error) {
    // Errors of Node, and of files that are no evidence.
    return { file, error: error instanceof Error ? error.message : String(error) }
  }
}

function outcomeText({ file, verdict, error }: Outcome, style: Style): string {
  const name = style.bold(harmless(file))
  if (verdict === undefined) return `${name}: ${style.red('unreadable')}: ${harmless(error ?? '')}\n`
  const word = verdict.holds ? style.green('holds') : style.red('does not hold')
  const lines = [`${name}: ${word}`, `  ${harmless(verdict.verdict)}`]
  if (verdict.holds) lines.push(...verdict.unproven.map((what) => `  not proven: ${harmless(what)}`))
  return `${lines.join('\n')}\n`
}

function outcomeJson({ file, verdict, error }: Outcome): string {
  const { log, ...rest } = verdict ?? {}
  return `${harmlessJson({ file, ...(error === undefined ? { log, ...rest } : { error }) })}\n`
}

function countText(count: number, of: number): string {
  return of === 1 ? 'the file' : `${count} of ${of} files`
}
