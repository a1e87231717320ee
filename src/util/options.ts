import { inspect } from 'node:util'
import { CtStreamError } from '../errors.js'
import { suggest } from './suggest.js'

/** A `CT_OPTION_INVALID` that names the option, its bound, and the value with its type. */
export function optionError(name: string, bound: string, value: unknown): CtStreamError {
  // One short line, whatever was given: nobody wants to read a list of a million names.
  const shown = inspect(value, {
    depth: 0,
    compact: true,
    breakLength: Number.POSITIVE_INFINITY,
    maxStringLength: 80,
    maxArrayLength: 3,
  })
  const type = value === null ? 'null' : typeof value
  return new CtStreamError('CT_OPTION_INVALID', `option \`${name}\` must be ${bound}, got ${shown} (${type})`)
}

/** A plain object with no keys but `known`; a misspelled one is refused with a suggestion. */
export function objectOption<T extends object>(name: string, value: unknown, known: readonly (keyof T & string)[]): T {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw optionError(name, 'an object', value)
  for (const key of Object.keys(value)) {
    if ((known as readonly string[]).includes(key)) continue
    const meant = suggest(key, known)
    const full = name === 'options' ? key : `${name}.${key}`
    throw new CtStreamError(
      'CT_OPTION_INVALID',
      `option \`${full}\` does not exist${meant === undefined ? `; there are ${known.join(', ')}` : `, did you mean \`${meant}\`?`}`,
    )
  }
  return value as T
}

/** An integer in `[min, max]`; `fallback` when `undefined`. */
export function integerOption(name: string, value: unknown, min: number, max: number, fallback: number): number {
  if (value === undefined) return fallback
  if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < min || value > max)
    throw optionError(name, `an integer from ${min} to ${max}`, value)
  return value
}

/** One of a few strings; `fallback` when `undefined`. */
export function choiceOption<T extends string>(name: string, value: unknown, choices: readonly T[], fallback: T): T {
  if (value === undefined) return fallback
  if (typeof value === 'string' && (choices as readonly string[]).includes(value)) return value as T
  throw optionError(name, `one of ${choices.map((c) => `'${c}'`).join(', ')}`, value)
}

export function booleanOption(name: string, value: unknown, fallback: boolean): boolean {
  if (value === undefined) return fallback
  if (typeof value !== 'boolean') throw optionError(name, 'true or false', value)
  return value
}

/** A valid `Date`, as epoch milliseconds. */
export function dateOption(name: string, value: unknown): number {
  if (!(value instanceof Date) || Number.isNaN(value.getTime())) throw optionError(name, 'a valid Date', value)
  return value.getTime()
}
