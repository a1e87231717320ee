import { CtStreamError } from '../../errors.js'
import { VARIABLE_PREFIX } from './flags.js'
import { usageError } from './usage-error.js'

/** What was given for a flag, and where: `--limit`, `CT_STREAM_LIMIT` or `limit in FILE`. */
export interface GivenValue {
  readonly value: string | boolean | readonly string[]
  readonly from: string
}

/** The values of all flags, read by type; every complaint names where the value came from. */
export class Values {
  private readonly given: ReadonlyMap<string, GivenValue>

  constructor(given: ReadonlyMap<string, GivenValue>) {
    this.given = given
  }

  has(name: string): boolean {
    return this.given.has(name)
  }

  /** How the user named the flag, for complaints; `--name` when it was not given. */
  from(name: string): string {
    return this.given.get(name)?.from ?? `--${name}`
  }

  /** Whether it was given on the command line itself. */
  isFlag(name: string): boolean {
    return this.given.get(name)?.from === `--${name}`
  }

  /** Whether it was given nearer than another: on the command line and not as a variable, or as either and not in a file. */
  isNearer(name: string, other: string): boolean {
    return distanceOf(this.from(name)) < distanceOf(this.from(other))
  }

  switch(name: string): boolean {
    return this.given.get(name)?.value === true
  }

  text(name: string): string | undefined {
    const value = this.given.get(name)?.value
    return typeof value === 'string' ? value : undefined
  }

  list(name: string): readonly string[] {
    const value = this.given.get(name)?.value
    return Array.isArray(value) ? value : []
  }

  choice<T extends string>(name: string, choices: readonly T[]): T | undefined {
    const value = this.text(name)
    return value === undefined ? undefined : this.oneOf(name, value, choices)
  }

  choices<T extends string>(name: string, choices: readonly T[]): T[] {
    return this.list(name).map((value) => this.oneOf(name, value, choices))
  }

  integer(name: string, min: number, max = Number.MAX_SAFE_INTEGER): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    const number = /^\d{1,16}$/.test(value) ? Number(value) : Number.NaN
    if (!Number.isSafeInteger(number) || number < min || number > max) {
      this.refuse(name, `an integer from ${min}${max === Number.MAX_SAFE_INTEGER ? '' : ` to ${max}`}`, value)
    }
    return number
  }

  /** Lets a check of the library judge a value, and refuses in the name of the flag what it refuses. */
  accept(name: string, bound: string, value: string, check: () => unknown): void {
    try {
      check()
    } catch (error) {
      if (!CtStreamError.is(error)) throw error
      this.refuse(name, bound, value)
    }
  }

  refuse(name: string, bound: string, value: string): never {
    throw usageError(`${this.from(name)} must be ${bound}, got ${JSON.stringify(value)}`)
  }

  private oneOf<T extends string>(name: string, value: string, choices: readonly T[]): T {
    const choice = choices.find((one) => one === value)
    return choice ?? this.refuse(name, `one of ${choices.join(', ')}`, value)
  }
}

/** The command line, variables, the file: how {@link GivenValue.from} names them. */
function distanceOf(from: string): number {
  if (from.startsWith('--')) return 0
  return from.startsWith(VARIABLE_PREFIX) ? 1 : 2
}
