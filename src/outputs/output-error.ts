import { CtStreamError } from '../errors.js'

/** `CT_OUTPUT_FAILED` for a file: its path, what failed, and the system's message. */
export function fileFailed(path: string, doing: string, cause: unknown): CtStreamError {
  if (CtStreamError.is(cause)) return cause
  const message = cause instanceof Error ? cause.message : String(cause)
  return new CtStreamError('CT_OUTPUT_FAILED', `output file ${path} cannot be ${doing}: ${message}`, {
    cause,
    retryable: true,
  })
}
