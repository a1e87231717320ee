import type { Command } from '../command.js'
import { commonFlags, type Flag } from './flags.js'

/** What `--help` shows of a command; with the list of commands for the one that is run by default. */
export function helpText(command: Command, commands: readonly Command[]): string {
  const isDefault = command === commands[0]
  const name = isDefault ? 'ct-stream [stream]' : `ct-stream ${command.name}`
  const isOptional = (argument: string) => command.optional?.includes(argument) === true
  const positionals = command.positionals.map((argument) => (isOptional(argument) ? `[${argument}]` : `<${argument}>`))
  const usage = [name, ...positionals, '[flags]'].join(' ')
  return [
    `${command.summary}\n`,
    `Usage: ${usage}\n`,
    ...(isDefault ? [`Commands:\n${table(commands.map(({ name, summary }) => [name, summary]))}\n`] : []),
    `Flags:\n${table([...command.flags, ...commonFlags].map((flag) => [flagText(flag), flag.help]))}\n`,
    'Each flag can also be a variable (CT_STREAM_LOG_LIST for --log-list) or a key of the config file;',
    'a flag goes before a variable, a variable before the file.\n',
    ...(isDefault ? ['ct-stream help <command> tells more of one.\n'] : []),
  ].join('\n')
}

function flagText({ name, short, value, type }: Flag): string {
  const names = `${short === undefined ? '' : `-${short}, `}--${name}`
  return type === 'switch' ? names : `${names} ${value ?? 'TEXT'}${type === 'list' ? ' …' : ''}`
}

function table(rows: readonly (readonly [string, string])[]): string {
  const width = Math.max(...rows.map(([left]) => left.length))
  return rows.map(([left, right]) => `  ${left.padEnd(width)}  ${right}`).join('\n')
}
