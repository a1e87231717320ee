import type { LogInfo } from '../types/log.js'
import { cutText } from '../util/harmless.js'
import { type JsonRecord, recordOf, textOf } from './json-values.js'

const MAX_URL = 1024
const MAX_NAME = 200

/** Makes the logs of messages: one object a log, since a server tells of the same few dozen again and again. */
export class ToldLogs {
  private readonly known = new Map<string, LogInfo>()

  /** @param data - `data` of a `certificate_update`. */
  of(data: JsonRecord): LogInfo {
    const source = recordOf(data.source)
    const url = (textOf(source.url) ?? '').slice(0, MAX_URL)
    const name = cutText(textOf(source.name) ?? '', MAX_NAME)
    return this.kept(logOf(url, name, isTiled(data, source) ? 'static-ct' : 'rfc6962'))
  }

  /** @param value - A log as in the JSON of a certificate. */
  named(value: unknown): LogInfo {
    const { id, description, operator, kind, url } = recordOf(value)
    const text = (part: unknown, max: number) => cutText(textOf(part) ?? '', max)
    return this.kept({
      id: text(id, 100),
      description: text(description, MAX_NAME),
      operator: text(operator, MAX_NAME),
      kind: kind === 'static-ct' ? 'static-ct' : 'rfc6962',
      url: text(url, MAX_URL),
    })
  }

  private kept(log: LogInfo): LogInfo {
    const key = JSON.stringify(log)
    const known = this.known.get(key)
    if (known !== undefined) return known
    // A server that makes up names does not fill the memory.
    if (this.known.size >= 1000) this.known.clear()
    this.known.set(key, log)
    return log
  }

  /** Of a message that names no log. */
  static readonly unknown: LogInfo = { id: '', description: '', operator: '', kind: 'rfc6962', url: '' }
}

function isTiled(data: JsonRecord, source: JsonRecord): boolean {
  return source.type === 'tiled' || (source.type === undefined && data.cert_link === '')
}

/** URLs of the first servers have no scheme, and some no slash at the end. Which log it is by its id, no server says. */
function logOf(told: string, name: string, kind: LogInfo['kind']): LogInfo {
  const whole = told === '' || /^[a-z]+:\/\//i.test(told) ? told : `https://${told}`
  const url = whole === '' || whole.endsWith('/') ? whole : `${whole}/`
  return { id: '', description: name === '' ? url : name, operator: hostOf(url), kind, url }
}

function hostOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}
