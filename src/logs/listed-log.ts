import type { LogSpec } from '../types/log.js'
import type { ListedLog } from '../types/log-list.js'

/** Marks a spec whose address a fetched list gave. A symbol: copies of the spec keep it, and it is no field that somebody sets. */
const fetched = Symbol('address of a fetched list')

/** What of a listed log opens it: a spec as `openLog` takes it, which refuses what it does not know. Remembers whether its list was fetched. */
export function specOf(log: LogSpec | ListedLog): LogSpec {
  const { key, description, operator, mmd } = log
  const common = { key, description, operator, mmd, ...(isFromFetched(log) && { [fetched]: true }) }
  if (log.kind === 'rfc6962')
    return { ...common, kind: log.kind, url: log.url, ...('tiles' in log && { tiles: log.tiles }) }
  return { ...common, kind: log.kind, monitoringUrl: log.monitoringUrl, submissionUrl: log.submissionUrl }
}

/** Whether the address of a log is a stranger's word: that of a list which came over the network. */
export function isFromFetched(log: LogSpec | ListedLog): boolean {
  return fetched in log || ('addressFrom' in log && log.addressFrom === 'fetched')
}
