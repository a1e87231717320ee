import { CtStreamError } from '../errors.js'
import type { LogInfo } from '../types/log.js'

const RULE = 'one module of a group, with acknowledge: true, in order'

/** Effects that would be left out, as the group is behind their entry. */
export function alreadyAcknowledged({ id, url }: LogInfo, index: number): CtStreamError {
  const message = `finishWith: entry ${index} of ${url} is already acknowledged, and has no effects now; it is for ${RULE}`
  return new CtStreamError('CT_MODULE_INVALID', message, { logId: id, index })
}

/** Effects of a call that is not waited for any more: its entries are for another one, or are set aside. */
export function givenUp(module: string): CtStreamError {
  return new CtStreamError(
    'CT_MODULE_FAILED',
    `finishWith: the call of module \`${module}\` has ended before: nothing was done`,
  )
}

/** Effects whose transaction would acknowledge what others, or other calls, have not finished. */
export function notAlone(module: string): CtStreamError {
  return new CtStreamError(
    'CT_MODULE_INVALID',
    `finishWith is for ${RULE}: module \`${module}\` is not the only one that entries wait for, or has more than one call at a time, or is called for findings`,
  )
}
