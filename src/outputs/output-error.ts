import { CtStreamError } from '../errors.js'

/** `CT_OUTPUT_FAILED` of a file: what it is, what was done, what the system said. */
export function fileFailed(path: string, doing: string, cause: unknown): CtStreamError {
  if (CtStreamError.is(cause)) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  return new CtStreamError('CT_OUTPUT_FAILED', `output file ${path} cannot be ${doing}: ${message}`, {
    cause,
    retryable: true,
  })
}
