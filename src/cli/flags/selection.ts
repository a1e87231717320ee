import type { LogSelection } from '../../types/log-list.js'
import { given } from './given.js'
import type { Values } from './values.js'

/** The logs of the lists that the flags select; nothing where they name none. */
export function selectionFrom(values: Values): LogSelection {
  const [operators, names] = [values.list('operator'), values.list('log-name')]
  const kinds = values.choices('kind', ['rfc6962', 'static-ct'])
  return given<LogSelection>({
    operators: operators.length > 0 ? operators : undefined,
    names: names.length > 0 ? names : undefined,
    kinds: kinds.length > 0 ? kinds : undefined,
  })
}
