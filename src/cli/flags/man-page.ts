import type { Command } from '../command.js'
import { commonFlags, type Flag, helpText, uniqueFlags, variableOf } from './flags.js'
import { exitStatuses } from './help.js'

/**
 * The manual page `ct-stream(1)`, in mdoc(7).
 *
 * @param date - Date of the page, epoch milliseconds.
 */
export function manPage(commands: readonly Command[], version: string, date: number): string {
  const lines = [
    `.Dd ${mdocDate(date)}`,
    '.Dt CT-STREAM 1',
    '.Os',
    '.Sh NAME',
    '.Nm ct-stream',
    '.Nd certificates from Certificate Transparency logs, verified',
    '.Sh SYNOPSIS',
    ...commands.flatMap(synopsis),
    '.Sh DESCRIPTION',
    '.Nm',
    'finds the public Certificate Transparency logs, follows each of them,',
    'proves every entry to be in a tree whose head the log signed,',
    'and writes each certificate at least once.',
    'Without a command it does what',
    `.Cm ${commands[0]?.name}`,
    'does.',
    ...commands.flatMap(section),
    '.Ss Flags of every command',
    ...flagList(commonFlags),
    '.Sh ENVIRONMENT',
    'Each flag can also be a variable, such as',
    `.Ev ${variableOf({ name: 'log-list', type: 'list', help: '' })}`,
    'for',
    '.Fl -log-list .',
    'A flag goes before a variable, a variable before the config file.',
    '.Bl -tag -width Ds',
    '.It Ev NO_COLOR',
    'No colours, whatever it is set to.',
    '.El',
    '.Sh FILES',
    '.Bl -tag -width Ds',
    '.It Pa ct-stream.db',
    'Positions, evidence, gaps and the last good log lists; in the working directory.',
    '.It Pa ct-stream.config.json',
    'A JSON object of flags and their values, if it is there.',
    '.El',
    '.Sh EXIT STATUS',
    '.Bl -tag -width Ds',
    ...exitStatuses.flatMap(([status, what]) => [`.It ${status}`, escaped(sentence(what))]),
    '.El',
    '.Sh EXAMPLES',
    '.Bl -tag -width Ds',
    ...commands.flatMap(({ examples = [] }) =>
      examples.flatMap(([line, what]) => [`.It Li ${argument(line)}`, escaped(sentence(what))]),
    ),
    '.El',
    '.Sh STANDARDS',
    'RFC 6962, C2SP static-ct-api.',
    '.Sh HISTORY',
    `This is the manual of version ${version}.`,
  ]
  return `${lines.join('\n')}\n`
}

function synopsis({ name, positionals, optional = [] }: Command): string[] {
  const places = positionals.map((place) => (optional.includes(place) ? `.Op Ar ${place}` : `.Ar ${place}`))
  return ['.Nm', `.Cm ${name}`, '.Op Ar flags', ...places]
}

function section(command: Command): string[] {
  const flags = uniqueFlags(command.flags)
  return [
    `.Ss ct-stream ${[command.name, ...command.positionals].join(' ')}`,
    escaped(command.summary),
    ...(flags.length > 0 ? flagList(flags) : []),
  ]
}

function flagList(flags: readonly Flag[]): string[] {
  return ['.Bl -tag -width Ds', ...flags.flatMap(flagItem), '.El']
}

function flagItem({ name, short, type, value = 'TEXT', ...flag }: Flag): string[] {
  const help = helpText(flag)
  const names = [...(short === undefined ? [] : [`Fl ${short} ,`]), `Fl -${name}`].join(' ')
  return [
    `.It ${names}${type === 'switch' ? '' : ` Ar ${argument(value)}`}`,
    escaped(sentence(type === 'list' ? `${help} (repeatable)` : help)),
  ]
}

function sentence(text: string): string {
  return text.endsWith('.') ? text : `${text}.`
}

/** Text escaped for roff, in lines of at most 80 characters, none of which begins like a request. */
function escaped(text: string): string {
  const lines = text.replaceAll('\\', '\\e').match(/\S.{0,76}\S(?=\s|$)|\S+/g) ?? []
  return lines.map((line) => line.replace(/^[.']/, '\\&$&')).join('\n')
}

/** One argument of a macro. */
function argument(text: string): string {
  return `"${text.replaceAll('\\', '\\e').replaceAll('"', '""')}"`
}

function mdocDate(ms: number): string {
  const date = new Date(ms)
  const month = date.toLocaleString('en', { month: 'long', timeZone: 'UTC' })
  return `${month} ${date.getUTCDate()}, ${date.getUTCFullYear()}`
}
