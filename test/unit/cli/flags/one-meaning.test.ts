import { describe, expect, it } from 'vitest'
import { commands } from '../../../../src/cli/commands.js'
import { type Flag, uniqueFlags } from '../../../../src/cli/flags/flags.js'

/** A flag is also a variable and a key of the config file, which all commands read: what is set there must suit all of them. */
const flagsByName = new Map<string, { readonly command: string; readonly flag: Flag }[]>()
for (const command of commands)
  for (const flag of uniqueFlags(command.flags))
    flagsByName.set(flag.name, [...(flagsByName.get(flag.name) ?? []), { command: command.name, flag }])

/** What commands that look at results mean by a name, where it is less or other than what commands that follow logs mean. */
const differs: Readonly<Record<string, string>> = {
  'search --db': 'takes a file of the output sqlite, too',
  'search --limit': 'counts findings, newest first',
  'parked --group': 'has no default: entries of all groups are listed',
  'parked --limit': 'counts entries, newest first',
}

/** All of a flag except what a command adds to its help, and which others of its flags it excludes. */
function meaning({ note: _, conflicts: __, choices, ...flag }: Flag) {
  // A command may take fewer values: its help lists those, and then the default.
  const help = choices === undefined ? flag.help : (/\(default.*\)$/.exec(flag.help)?.[0] ?? flag.help)
  return { ...flag, help }
}

describe('a flag', () => {
  it.each([...flagsByName].filter(([, uses]) => uses.length > 1).map(([name, uses]) => ({ name, uses })))(
    '--$name means the same in all commands that have it',
    ({ uses }) => {
      const same = uses.filter(({ command, flag }) => !(`${command} --${flag.name}` in differs))
      const [first] = same
      for (const { command, flag } of same) expect(meaning(flag), command).toEqual(first && meaning(first.flag))
    },
  )

  it('takes, where a command takes fewer values, some of those that others take', () => {
    for (const uses of flagsByName.values()) {
      const all = new Set(uses.flatMap(({ flag }) => flag.choices ?? []))
      const most = uses.find(({ flag }) => (flag.choices ?? []).length === all.size)
      expect(most, uses[0]?.flag.name).toBeDefined()
    }
  })

  it('is listed as another than elsewhere only while it is', () => {
    for (const key of Object.keys(differs)) {
      const [command, name = ''] = key.split(' --')
      const uses = flagsByName.get(name) ?? []
      const [one, other] = [
        uses.find((use) => use.command === command),
        uses.find((use) => !(`${use.command} --${name}` in differs)),
      ]
      expect(one && meaning(one.flag), key).not.toEqual(other && meaning(other.flag))
    }
  })
})
