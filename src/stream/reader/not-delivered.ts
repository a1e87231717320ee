import { inspect } from 'node:util'
import { CtStreamError } from '../../errors.js'

/** The error of `acknowledge(cert)` for anything but a certificate that this stream has delivered. */
export function notDelivered(value: unknown): CtStreamError {
  const given = (value ?? {}) as { readonly index?: unknown; readonly log?: { readonly url?: unknown } }
  const what =
    typeof given.index === 'number' && typeof given.log?.url === 'string'
      ? `${given.log.url}: entry ${given.index}`
      : inspect(value, { depth: 0, breakLength: Number.POSITIVE_INFINITY })
  const bound =
    'must be a certificate that this stream has delivered, the object itself: no copy, none that was decoded'
  return new CtStreamError('CT_OPTION_INVALID', `the argument of acknowledge() ${bound}; it is ${what}`)
}
