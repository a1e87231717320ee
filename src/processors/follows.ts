import { FOLLOWS } from '../checkpoint/log-record.js'
import type { QueuedMessage } from './queued-message.js'

/**
 * The index behind the entry before this one in its log, which its message names: at most its own. `undefined`: a version wrote it that did not say,
 * or it is none of ours.
 */
export function followsOf({ headers }: Pick<QueuedMessage, 'headers'>, index: number): number | undefined {
  const text = headers.find(([name]) => name === FOLLOWS)?.[1]
  return text !== undefined && /^\d{1,16}$/.test(String(text)) ? Math.min(index, Number(text)) : undefined
}
