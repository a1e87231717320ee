import { CtStreamError } from '../../src/errors.js'
import type { Material } from './material.js'
import type { Random } from './random.js'

/** One thing that reads bytes of strangers, and what it promises of all of them. */
export interface Target {
  readonly name: string
  /** How often its turn comes. */
  readonly weight: number
  seeds(material: Material): Uint8Array[]
  /** A new input, made of one that is known and pieces of another. */
  mutate(input: Uint8Array, donor: Uint8Array, random: Random): Uint8Array
  /**
   * Reads the input and checks every promise. What it throws is a finding.
   * @param thorough - With the checks that take long.
   */
  run(input: Uint8Array, thorough: boolean): Promise<void> | void
}

/** A promise that was not kept. */
export class Violation extends Error {
  override name = 'Violation'
}

export function promise(kept: boolean, broken: string): void {
  if (!kept) throw new Violation(broken)
}

/** What `read` gives; `undefined` when it refuses the bytes the way it may: with an error of the library, of these codes. */
export function allowing<T>(codes: readonly string[], read: () => T): T | undefined {
  try {
    return read()
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    checkError(error, codes)
    return undefined
  }
}

const MAX_MESSAGE = 2000

export function checkError(error: CtStreamError, codes: readonly string[]): void {
  if (!codes.includes(error.code)) throw new Violation(`refused with ${error.code}: ${error.message}`)
  promise(error.message.length <= MAX_MESSAGE, `an error message of ${error.message.length} characters`)
  checkPrintable(error.message, 'an error message')
  JSON.stringify(error)
}

/** Messages go to terminals and logs: what was quoted from the bytes must not steer them. */
export function checkPrintable(text: string, what: string): void {
  promise(!/[^\P{Cc}\x7f-\x9f]/u.test(text), `control characters in ${what}: ${JSON.stringify(text)}`)
}
