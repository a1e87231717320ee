import { CtStreamError } from '../../errors.js'
import { suggest } from '../../util/suggest.js'

/** Bad usage: one line that names the flag, exit status 2. */
export function usageError(message: string, cause?: unknown): CtStreamError {
  return new CtStreamError('CT_OPTION_INVALID', message, { cause })
}

/** `unknown flag --fromat, did you mean --format?` */
export function unknown(what: string, name: string, known: readonly string[]): CtStreamError {
  const meant = suggest(name, known)
  return usageError(`unknown ${what} ${name}${meant === undefined ? '' : `, did you mean ${meant}?`}`)
}
