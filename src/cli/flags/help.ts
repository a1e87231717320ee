import { Option, Command as Program } from 'commander'
import type { Command } from '../command.js'
import { commonFlags, type Flag, helpText, uniqueFlags } from './flags.js'

/** The program as commander knows it, for its help: one command a {@link Command}, flags and examples in groups. */
export function programOf(commands: readonly Command[], width: number): Program {
  const program = new Program('ct-stream')
    .description('Every certificate the world issues, straight from the Certificate Transparency logs, verified.')
    .usage('[command] [flags]')
    .helpOption(false)
    .helpCommand(false)
    .configureHelp(helpStyle(width))
    .addHelpText('after', () => textAfter(commands.slice(0, 1), true))
  for (const command of commands) program.addCommand(commandOf(command, width), { isDefault: command === commands[0] })
  for (const flag of commonFlags) program.addOption(optionOf(flag))
  return program
}

/** One command, which reads arguments too. It leaves what it finds to events `option:<name>` and `args`. */
export function commandOf(command: Command, width = DEFAULT_WIDTH): Program {
  const program = new Program(command.name)
    .summary(command.summary)
    .description(command.summary)
    .usage([...positionalsText(command), '[flags]'].join(' '))
    .helpGroup(command.group ?? 'Commands:')
    .helpOption(false)
    .helpCommand(false)
    .allowExcessArguments()
    .showSuggestionAfterError(false)
    .configureHelp(helpStyle(width))
    .addHelpText('after', () => textAfter([command], false))
  for (const flag of uniqueFlags([...command.flags, ...commonFlags])) program.addOption(optionOf(flag))
  return program
}

/** Widest line of the help where nobody says how wide the terminal is. */
const DEFAULT_WIDTH = 80
/** Lines longer than this are hard to read, however wide the terminal. */
const MOST_WIDTH = 100

/** Columns to write help for. */
export function helpWidth(columns: number | undefined): number {
  return Math.min(columns || DEFAULT_WIDTH, MOST_WIDTH)
}

function helpStyle(width: number) {
  return { helpWidth: width, subcommandTerm: termOf, styleTitle: (title: string) => title }
}

function termOf(program: Program): string {
  return program.name()
}

function positionalsText({ positionals, optional = [], repeats = false }: Command): string[] {
  const texts = positionals.map((argument) => (optional.includes(argument) ? `[${argument}]` : `<${argument}>`))
  return repeats ? [...texts, '…'] : texts
}

function optionOf({ name, short, type, value = 'TEXT', group = 'Flags:', ...flag }: Flag): Option {
  const names = `${short === undefined ? '' : `-${short}, `}--${name}`
  const help = helpText(flag)
  const repeated = type === 'list' ? `${help} (repeatable)` : help
  return new Option(type === 'switch' ? names : `${names} <${value}>`, repeated).helpGroup(group)
}

export const exitStatuses: readonly (readonly [string, string])[] = [
  ['0', 'done; also after SIGINT, SIGTERM, SIGHUP and a closed pipe'],
  ['1', 'failed: the last line on stderr says why'],
  ['2', 'bad usage: one line on stderr names the flag'],
]

function textAfter(commands: readonly Command[], isProgram: boolean): string {
  const examples = commands.flatMap(({ examples = [] }) => examples)
  return [
    ...(examples.length > 0
      ? ['', 'Examples:', ...examples.flatMap(([line, what]) => [`  ${line}`, `      ${what}`])]
      : []),
    ...['', 'Exit status:', ...exitStatuses.map(([status, what]) => `  ${status}  ${what}`)],
    '',
    'Each flag can also be a variable (CT_STREAM_LOG_LIST for --log-list) or a key of',
    'the config file; a flag goes before a variable, a variable before the file.',
    ...(isProgram ? ['', 'Without a command: stream; ct-stream help stream lists its flags.'] : []),
  ].join('\n')
}
