import { parseArgs } from 'node:util'
import type { Flag } from './flags.js'
import { unknown, usageError } from './usage-error.js'
import type { GivenValue } from './values.js'

export interface Arguments {
  /** By flag name. */
  readonly flags: ReadonlyMap<string, GivenValue>
  readonly positionals: readonly string[]
}

/**
 * Splits arguments into flags and the rest; strictly: what is not known, lacks its value, or has one too many is refused.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag.
 */
export function parseArguments(argv: readonly string[], flags: readonly Flag[]): Arguments {
  const byName = new Map(flags.map((flag) => [flag.name, flag]))
  const given = new Map<string, GivenValue>()
  const positionals: string[] = []
  for (const token of tokensOf(argv, flags)) {
    if (token.kind === 'positional') positionals.push(token.value)
    if (token.kind !== 'option') continue
    const flag = byName.get(token.name)
    if (flag === undefined) throw unknown('flag', token.rawName, knownNames(flags, token.rawName))
    const from = `--${flag.name}`
    const before = given.get(flag.name)
    if (flag.type === 'switch') {
      if (token.value !== undefined) throw usageError(`${from} takes no value, got ${JSON.stringify(token.value)}`)
      given.set(flag.name, { value: true, from })
      continue
    }
    const value = textOf(token, flag)
    if (flag.type === 'text' && before !== undefined) throw usageError(`${from} is given twice`)
    const list = Array.isArray(before?.value) ? before.value : []
    given.set(flag.name, { value: flag.type === 'list' ? [...list, value] : value, from })
  }
  return { flags: given, positionals }
}

interface OptionToken {
  readonly value?: string
  readonly inlineValue?: boolean
}

function textOf({ value, inlineValue }: OptionToken, flag: Flag): string {
  const needed = `--${flag.name} needs a value (${flag.value ?? 'TEXT'})`
  if (value === undefined || value === '') throw usageError(needed)
  // `--format --quiet` forgot the format; `--template=--` means it.
  if (!inlineValue && value.startsWith('-') && value !== '-') {
    throw usageError(`${needed}, got ${value}: write --${flag.name}=${value} if that is it`)
  }
  return value
}

// Not strict: the errors of the strict parser neither suggest nor keep to one line.
function tokensOf(argv: readonly string[], flags: readonly Flag[]) {
  const options = Object.fromEntries(
    flags.map(({ name, type, short }) => {
      const parsed = type === 'switch' ? ('boolean' as const) : ('string' as const)
      return [name, short === undefined ? { type: parsed } : { type: parsed, short }]
    }),
  )
  return parseArgs({ args: [...argv], options, strict: false, tokens: true }).tokens
}

function knownNames(flags: readonly Flag[], rawName: string): string[] {
  return rawName.startsWith('--') ? flags.map((flag) => `--${flag.name}`) : []
}
