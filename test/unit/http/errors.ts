import { expect } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'

/** The `CtStreamError` a promise rejects with; fails when it resolves or rejects with anything else. */
export async function ctError(promise: Promise<unknown>): Promise<CtStreamError> {
  const error = await promise.then(
    () => expect.fail('resolved'),
    (reason: unknown) => reason,
  )
  if (!CtStreamError.is(error)) throw error
  return error
}
