import { type Flag, VARIABLE_PREFIX, variableOf } from './flags.js'
import { isServiceVariable } from './service-variables.js'
import { unknown, usageError } from './usage-error.js'
import type { GivenValue } from './values.js'

type Layer = ReadonlyMap<string, GivenValue>

/** Merges layers of values; the first layer wins: flags, variables, file. */
export function mergeLayers(layers: readonly Layer[], flags: readonly Flag[]): Layer {
  const merged = new Map<string, GivenValue>()
  for (const layer of [...layers].reverse()) {
    for (const [name, given] of layer) {
      for (const other of conflictsOf(name, flags)) {
        const clash = layer.get(other)
        if (isOn(given) && clash !== undefined && isOn(clash)) {
          throw usageError(`${given.from} and ${clash.from} exclude each other`)
        }
        if (isOn(given)) merged.delete(other)
      }
      merged.set(name, given)
    }
  }
  return merged
}

/** `CT_STREAM_*` variables as values. Lists are separated by commas; an empty variable is none, nor is one that Kubernetes set. */
export function readVariables(env: Readonly<Record<string, string | undefined>>, flags: readonly Flag[]): Layer {
  const layer = new Map<string, GivenValue>()
  for (const flag of flags) {
    const from = variableOf(flag)
    const text = env[from]
    if (text === undefined || text === '' || isServiceVariable(from, text)) continue
    layer.set(flag.name, { value: fromText(flag, text, from), from })
  }
  return layer
}

/** Prefix of variables for tests of this program and of programs built on it. */
const testPrefix = `${VARIABLE_PREFIX}TEST_`

/** Unknown variables with this program's prefix: most likely misspellings. */
export function strangeVariables(
  env: Readonly<Record<string, string | undefined>>,
  flags: readonly Flag[],
): readonly string[] {
  const known = new Set(flags.map(variableOf))
  return Object.keys(env).filter(
    (name) =>
      name.startsWith(VARIABLE_PREFIX) &&
      !name.startsWith(testPrefix) &&
      !known.has(name) &&
      !isServiceVariable(name, env[name]),
  )
}

/** The content of a config file: values of flags, and unchecked modules. */
export interface ConfigContent {
  readonly values: Layer
  readonly modules: readonly unknown[]
}

/**
 * A config file's content: an object whose keys are the names of flags, `modules`, and `$schema`, which editors read.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming file and key.
 */
export function configLayer(content: unknown, path: string, flags: readonly Flag[]): ConfigContent {
  if (typeof content !== 'object' || content === null || Array.isArray(content))
    throw usageError(`${path} must hold an object of flags and their values`)
  const values = new Map<string, GivenValue>()
  const { $schema: _, modules = [], ...flagged } = content as Record<string, unknown>
  if (!Array.isArray(modules)) throw usageError(`modules in ${path} must be an array, got ${JSON.stringify(modules)}`)
  const known = flags.filter(({ isFlagOnly = false }) => !isFlagOnly)
  for (const [name, value] of Object.entries(flagged)) {
    const flag = known.find((one) => one.name === name)
    if (flag === undefined) throw unknown(`key in ${path}:`, name, [...known.map((one) => one.name), 'modules'])
    const from = `${name} in ${path}`
    values.set(name, { value: fromJson(flag, value, from), from })
  }
  return { values, modules }
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` for what is not JSON. */
export function parseConfig(text: string, path: string): unknown {
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw usageError(`${path} is not JSON: ${cause instanceof Error ? cause.message.split('\n')[0] : cause}`, cause)
  }
}

function fromText(flag: Flag, text: string, from: string): GivenValue['value'] {
  if (flag.type === 'text') return text
  if (flag.type === 'list')
    return splitList(text)
      .map((part) => part.trim())
      .filter((part) => part !== '')
  if (['1', 'true', 'yes', 'on'].includes(text.toLowerCase())) return true
  if (['0', 'false', 'no', 'off'].includes(text.toLowerCase())) return false
  throw usageError(`${from} must be 1 or 0, got ${JSON.stringify(text)}`)
}

/** Splits at commas, except within `{…}`, where a module's options are JSON. */
function splitList(text: string): string[] {
  const parts = ['']
  let depth = 0
  let string: 'open' | 'escape' | undefined
  for (const character of text) {
    if (string !== undefined) {
      if (string === 'escape') string = 'open'
      else if (character === '\\') string = 'escape'
      else if (character === '"') string = undefined
    } else if (character === '{') depth++
    else if (character === '}') depth = Math.max(0, depth - 1)
    else if (character === '"' && depth > 0) string = 'open'
    if (character === ',' && depth === 0) parts.push('')
    else parts[parts.length - 1] += character
  }
  return parts
}

function fromJson(flag: Flag, value: unknown, from: string): GivenValue['value'] {
  const bounds = { switch: 'true or false', text: 'a string or a number', list: 'a string or a list of strings' }
  if (flag.type === 'switch' && typeof value === 'boolean') return value
  if (flag.type === 'text' && typeof value === 'string') return value
  if (flag.type === 'text' && typeof value === 'number') return String(value)
  if (flag.type === 'list' && typeof value === 'string') return [value]
  if (flag.type === 'list' && Array.isArray(value) && value.every((one) => typeof one === 'string')) return value
  throw usageError(`${from} must be ${bounds[flag.type]}, got ${JSON.stringify(value)}`)
}

function isOn({ value }: GivenValue): boolean {
  return value !== false
}

function conflictsOf(name: string, flags: readonly Flag[]): readonly string[] {
  return flags.flatMap((flag) =>
    flag.name === name ? (flag.conflicts ?? []) : flag.conflicts?.includes(name) ? [flag.name] : [],
  )
}
