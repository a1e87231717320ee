import { parseArgs } from 'node:util'
import { CommanderError } from 'commander'
import type { Command } from '../command.js'
import { commonFlags, type Flag, uniqueFlags } from './flags.js'
import { commandOf } from './help.js'
import { unknown, usageError } from './usage-error.js'
import type { GivenValue } from './values.js'

export interface Arguments {
  readonly command: Command
  /** Whether the user named the command. */
  readonly isNamed: boolean
  /** By flag name. */
  readonly flags: ReadonlyMap<string, GivenValue>
  readonly positionals: readonly string[]
}

/** Asks for the help of a command, or of all; not among the commands because it has no work of its own. */
export const HELP_NAME = 'help'

/**
 * Parses arguments: the command, which may follow flags, its flags, and the rest. Refuses unknown flags, missing values and superfluous
 * values.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag.
 */
export function parseArguments(argv: readonly string[], commands: readonly Command[]): Arguments {
  const at = commandIndex(argv, commands)
  const command = at === undefined ? (commands[0] as Command) : commandNamed(argv[at] as string, commands)
  const { flags, positionals } = readFlags(command, at === undefined ? argv : argv.toSpliced(at, 1), commands)
  return { command, isNamed: at !== undefined, flags, positionals }
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` when there is none of that name. */
export function commandNamed(name: string, commands: readonly Command[]): Command {
  const command = commands.find((one) => one.name === name)
  if (command !== undefined) return command
  throw unknown('command', name, [...commands.map((one) => one.name), HELP_NAME])
}

/** Where the command is named: `ct-stream --format json decode -` has its flags before. */
function commandIndex(argv: readonly string[], commands: readonly Command[]): number | undefined {
  const known = uniqueFlags([...commonFlags, ...commands.flatMap(({ flags }) => flags)])
  const options = Object.fromEntries(
    known.map(({ name, type, short }) => {
      const parsed = type === 'switch' ? ('boolean' as const) : ('string' as const)
      return [name, short === undefined ? { type: parsed } : { type: parsed, short }]
    }),
  )
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true })
  // The argument after an unknown flag may be its value, so the error is about the flag.
  const first = tokens.find(({ kind, ...token }) =>
    kind === 'option' ? !Object.hasOwn(options, (token as { name: string }).name) : true,
  )
  return first?.kind === 'positional' ? first.index : undefined
}

function readFlags(command: Command, argv: readonly string[], commands: readonly Command[]) {
  const own = uniqueFlags([...command.flags, ...commonFlags])
  const given = new Map<string, GivenValue>()
  const program = commandOf(command)
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
    .action(() => {})
  for (const flag of own) program.on(`option:${flag.name}`, (value?: string) => take(flag, value, argv, given))
  try {
    program.parse(argv, { from: 'user' })
  } catch (error) {
    throw error instanceof CommanderError ? refusal(error, command, own, commands) : error
  }
  return { flags: given, positionals: program.args }
}

function take(flag: Flag, value: string | undefined, argv: readonly string[], given: Map<string, GivenValue>): void {
  const from = `--${flag.name}`
  const before = given.get(flag.name)
  if (flag.type === 'switch') {
    given.set(flag.name, { value: true, from })
    return
  }
  const text = textOf(flag, value, argv)
  if (flag.type === 'text' && before !== undefined) throw usageError(`${from} is given twice`)
  const list = Array.isArray(before?.value) ? before.value : []
  given.set(flag.name, { value: flag.type === 'list' ? [...list, text] : text, from })
}

function textOf(flag: Flag, value: string | undefined, argv: readonly string[]): string {
  const needed = `--${flag.name} needs a value (${flag.value ?? 'TEXT'})`
  if (value === undefined || value === '') throw usageError(needed)
  // In `--format --quiet` the format was forgotten; `--template=--` is intended.
  const isInline = argv.includes(`--${flag.name}=${value}`) || argv.includes(`-${flag.short}${value}`)
  if (!isInline && value.startsWith('-') && value !== '-') {
    throw usageError(`${needed}, got ${value}: write --${flag.name}=${value} if that is it`)
  }
  return value
}

/** Rewords an error of commander, so that it names the flag and what to do. */
function refusal(
  { code, message }: CommanderError,
  command: Command,
  own: readonly Flag[],
  commands: readonly Command[],
) {
  const quoted = /'(.*)'/s.exec(message)?.[1] ?? ''
  if (code === 'commander.optionMissingArgument') {
    const flag = own.find(({ name }) => new RegExp(`--${name}\\b`).test(quoted))
    return usageError(`--${flag?.name} needs a value (${flag?.value ?? 'TEXT'})`)
  }
  if (code !== 'commander.unknownOption') return usageError(message.replace(/^error: /, ''))
  const [dashed = '', ...rest] = quoted.split('=')
  if (rest.length > 0 && own.some(({ name }) => `--${name}` === dashed))
    return usageError(`${dashed} takes no value, got ${JSON.stringify(rest.join('='))}`)
  const others = commands.filter(({ flags }) => flags.some(({ name }) => `--${name}` === dashed))
  if (others.length > 0) {
    const names = others.map(({ name }) => `ct-stream ${name}`).join(', ')
    return usageError(`${dashed} is no flag of ct-stream ${command.name}, but of ${names}`)
  }
  return unknown('flag', dashed, dashed.startsWith('--') ? own.map(({ name }) => `--${name}`) : [])
}
