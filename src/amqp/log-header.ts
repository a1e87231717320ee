import type { LogInfo, LogKind } from '../types/log.js'

/** Name of the header that describes the log of an entry, for processors: RabbitMQ keeps no positions that would. */
export const LOG_HEADER = 'ct-log-info'
/** Longer than any that is written. */
const MAX_LENGTH = 4096
const KINDS: readonly LogKind[] = ['rfc6962', 'static-ct']

export const logHeader = ({ description, operator, kind, url }: LogInfo): string =>
  JSON.stringify({ description, operator, kind, url })

/** @returns `undefined` when the header says no log. */
export function logFromHeader(id: string, text: string): LogInfo | undefined {
  if (text.length > MAX_LENGTH) return undefined
  try {
    const { description, operator, kind, url } = JSON.parse(text)
    const known = KINDS.find((one) => one === kind)
    if (![description, operator, url].every((one) => typeof one === 'string') || known === undefined) return undefined
    return { id, description, operator, kind: known, url }
  } catch {
    return undefined
  }
}
