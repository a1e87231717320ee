import { commands } from '../../../src/cli/commands.js'
import { helpText } from '../../../src/cli/flags/flags.js'

/** The format that the help of a command calls its default on a terminal, and that elsewhere. */
export function defaultFormats(command: string): { readonly terminal: string; readonly elsewhere: string } {
  const flag = commands.find(({ name }) => name === command)?.flags.find(({ name }) => name === 'format')
  const text = flag === undefined ? '' : helpText(flag)
  const [, general = '', elsewhere = ''] = /\(default: (\w+) on a terminal, else (\w+)\)/.exec(text) ?? []
  const [, terminal = general] = /: on a terminal (\w+)$/.exec(text) ?? []
  return { terminal, elsewhere }
}
