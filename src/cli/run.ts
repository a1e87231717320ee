import { CtStreamError } from '../errors.js'
import { abortable } from '../util/abort.js'
import { suggest } from '../util/suggest.js'
import { VERSION } from '../version.js'
import type { Command } from './command.js'
import { commandNamed, HELP_NAME, parseArguments } from './flags/arguments.js'
import { type ConfigFile, readConfigFile } from './flags/config-file.js'
import { commonFlags, type Flag, uniqueFlags, variableOf } from './flags/flags.js'
import { helpWidth, programOf } from './flags/help.js'
import { mergeLayers, readVariables, strangeVariables } from './flags/layers.js'
import { usageError } from './flags/usage-error.js'
import { type GivenValue, Values } from './flags/values.js'
import type { CliIo } from './io.js'
import { Output } from './terminal/output.js'
import { commandLine, fitted, messageJson, reportLine } from './terminal/report.js'
import { stoppedBefore } from './until-there.js'

/** Exit status: 0 done, 1 failed, 2 bad usage. */
export type ExitStatus = 0 | 1 | 2

/**
 * Runs the command line to its end. Never rejects: a failure is one line on stderr.
 *
 * @param commands - The first one is run when none is named.
 * @param onCommand - Called with the command before it runs.
 */
export async function runCli(
  io: CliIo,
  commands: readonly Command[],
  onCommand: (command: Command) => void = () => {},
): Promise<ExitStatus> {
  let begun: Begun | undefined
  try {
    await runCommand(io, commands, (command, values) => {
      begun = { command, values }
      onCommand(command)
    })
    return 0
  } catch (error) {
    const { command, values } = begun ?? {}
    if (error === stoppedBefore && command?.whenStopped === 'done') return 0
    const isStopped = io.stop.aborted && (error === io.stop.reason || error === stoppedBefore)
    const line =
      values?.text('log-format') === 'json'
        ? errorJsonLine(isStopped ? 'interrupted' : error, io.clock.now())
        : fitted(`ct-stream: ${isStopped ? 'interrupted' : errorLine(error)}`, io.stderr)
    await new Output(io.stderr).write(`${line}\n`).catch(() => {})
    return CtStreamError.is(error) && error.code === 'CT_OPTION_INVALID' ? 2 : 1
  }
}

interface Begun {
  readonly command: Command
  readonly values: Values
}

async function runCommand(
  io: CliIo,
  commands: readonly Command[],
  onBegun: (command: Command, values: Values) => void,
): Promise<void> {
  const { command, isNamed, flags, positionals } = parseArguments(io.argv, [...commands, helpCommand])
  if (command === helpCommand || flags.has('help')) {
    const name = command === helpCommand ? positionals[0] : isNamed ? command.name : undefined
    return print(io, helpText(name, commands, helpWidth(io.stdout.columns)))
  }
  if (flags.has('version')) return print(io, `${VERSION}\n`)
  requirePositionals(command, positionals)
  const allFlags = uniqueFlags([...commonFlags, ...commands.flatMap((command) => command.flags)])
  const own = uniqueFlags([...command.flags, ...commonFlags])
  const { values, config } = await collectValues(io, flags, own, allFlags).catch((error: unknown) => {
    tellStrange(io, undefined, allFlags)
    throw error
  })
  tellStrange(io, values, allFlags)
  onBegun(command, values)
  const context = { io, values, positionals, config }
  if (command.whenStopped !== undefined) return command.run(context)
  io.stop.throwIfAborted()
  await abortable(command.run(context), io.stop)
}

/** Help of one command, or of all. */
function helpText(name: string | undefined, commands: readonly Command[], width: number): string {
  const program = programOf(commands, width)
  const one = name === undefined ? undefined : commandNamed(name, commands)
  let text = ''
  const chosen = program.commands.find((command) => command.name() === one?.name) ?? program
  chosen
    .configureOutput({
      writeOut: (part) => {
        text += part
      },
    })
    .outputHelp()
  return text
}

const helpCommand: Command = {
  name: HELP_NAME,
  summary: 'Help of a command.',
  positionals: ['command'],
  optional: ['command'],
  flags: [],
  run: async () => {},
}

/** @param values - Which say how; `undefined` where they are wrong. */
function tellStrange(io: CliIo, values: Values | undefined, flags: readonly Flag[]): void {
  for (const name of strangeVariables(io.env, flags))
    io.stderr.write(commandLine({ io, values }, 'warn', strangeText(name, flags)))
}

function strangeText(name: string, flags: readonly Flag[]): string {
  const meant = suggest(name, flags.map(variableOf))
  return `unknown environment variable ${name}${meant === undefined ? '' : `, did you mean ${meant}?`}`
}

function requirePositionals(command: Command, given: readonly string[]): void {
  const isEnough = given.length >= command.positionals.length - (command.optional?.length ?? 0)
  const missing = isEnough ? undefined : command.positionals[given.length]
  if (missing !== undefined) throw usageError(`ct-stream ${command.name} needs <${missing}>`)
  const surplus = command.repeats ? undefined : given[command.positionals.length]
  if (surplus !== undefined) throw usageError(`ct-stream ${command.name} takes no argument ${JSON.stringify(surplus)}`)
}

/**
 * Flags win over variables, variables over the file. Variables and files may hold flags of other commands, which are checked and then
 * change nothing: a filter of the stream, for example, would leave holes in a backfill.
 */
async function collectValues(
  io: CliIo,
  flags: ReadonlyMap<string, GivenValue>,
  own: readonly Flag[],
  all: readonly Flag[],
): Promise<{ readonly values: Values; readonly config: ConfigFile | undefined }> {
  const variables = readVariables(io.env, own)
  const config = await readConfigFile(io, flags.get('config') ?? variables.get('config'), all)
  const ownNames = new Set(own.map(({ name }) => name))
  const filed = new Map([...(config?.values ?? [])].filter(([name]) => ownNames.has(name)))
  const values = new Values(mergeLayers([flags, variables, filed], own))
  return { values, config }
}

async function print(io: CliIo, text: string): Promise<void> {
  await new Output(io.stdout).write(text)
}

function errorLine(error: unknown): string {
  if (!(error instanceof Error)) return reportLine(String(error))
  const code = CtStreamError.is(error) && error.code !== 'CT_OPTION_INVALID' ? ` (${error.code})` : ''
  return `${reportLine(error.message)}${code}`
}

function errorJsonLine(error: unknown, now: number): string {
  const message = error instanceof Error ? error.message : String(error)
  const { code, url } = CtStreamError.is(error) ? error : {}
  return messageJson('error', message, now, { code, url })
}
