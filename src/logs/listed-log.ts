import type { LogSpec } from '../types/log.js'
import type { ListedLog } from '../types/log-list.js'

/** What of a listed log opens it: a spec as `openLog` takes it, which refuses what it does not know. */
export function specOf(log: LogSpec | ListedLog): LogSpec {
  const { key, description, operator, mmd } = log
  const common = { key, description, operator, mmd }
  if (log.kind === 'rfc6962')
    return { ...common, kind: log.kind, url: log.url, ...('tiles' in log && { tiles: log.tiles }) }
  return { ...common, kind: log.kind, monitoringUrl: log.monitoringUrl, submissionUrl: log.submissionUrl }
}
