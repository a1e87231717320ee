import { publicOnly, type Transport } from '../http/transport.js'
import type { LogInfo, LogSpec } from '../types/log.js'
import type { ListedLog } from '../types/log-list.js'
import { isLoopback } from '../util/loopback.js'
import { integerOption, objectOption, optionError } from '../util/options.js'
import { LogKey } from '../wire/head-signature.js'
import type { LogClient } from './client.js'
import { HybridClient } from './hybrid.js'
import { isFromFetched, specOf } from './listed-log.js'
import { logPrefix } from './log-http.js'
import { Rfc6962Client } from './rfc6962.js'
import { StaticCtClient } from './static-ct.js'

export interface OpenLogOptions {
  /** Not closed by the client: the logs of a stream share one. */
  readonly transport: Transport
  /** Accept `http:` for hosts that are not loopback. Default `false`. */
  readonly allowHttp?: boolean
  /** Whether the signatures of heads are checked. Default `true`. */
  readonly verifyHeads?: boolean
}

/** Seconds. */
const MAX_MMD = 366 * 86_400

const COMMON = ['kind', 'key', 'description', 'operator', 'mmd'] as const
const RFC6962 = [...COMMON, 'url', 'tiles'] as const
const STATIC_CT = [...COMMON, 'monitoringUrl', 'submissionUrl'] as const

/**
 * A client for the log a spec names. Asks nothing of it yet.
 *
 * The description defaults to the URL, the operator to its host name. For a spec of a log that a fetched list names, a stranger's word, the
 * client connects to public addresses alone, on port 443, and is refused others with `CT_ADDRESS_REFUSED`.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for a spec that names no log: wrong URL, key or field.
 */
export function openLog(spec: LogSpec, options: OpenLogOptions): LogClient {
  const { allowHttp = false, verifyHeads } = options
  const isFetched = typeof spec === 'object' && spec !== null && isFromFetched(spec)
  const transport = isFetched ? publicOnly(options.transport) : options.transport
  if (spec?.kind === 'static-ct') {
    const { key, monitoringUrl, submissionUrl, ...names } = objectOption<typeof spec>('log', spec, STATIC_CT)
    const url = checkedPrefix('monitoringUrl', monitoringUrl, allowHttp)
    const log = logInfo('static-ct', url, key, names)
    const origin = originOf(checkedPrefix('submissionUrl', submissionUrl, allowHttp))
    return new StaticCtClient({ ...log, origin, verifyHeads, transport })
  }
  if (spec?.kind !== 'rfc6962')
    throw optionError('log.kind', "'rfc6962' or 'static-ct'", (spec as { kind?: unknown } | undefined)?.kind)
  const { key, url, tiles, ...names } = objectOption<typeof spec>('log', spec, RFC6962)
  const client = new Rfc6962Client({
    ...logInfo('rfc6962', checkedPrefix('url', url, allowHttp), key, names),
    verifyHeads,
    transport,
  })
  if (tiles === undefined) return client
  return new HybridClient({ client, tiles: checkedPrefix('tiles', tiles, allowHttp), transport })
}

/** A client for a log that a list names, as {@link openLog}. */
export function openListedLog(log: LogSpec | ListedLog, options: OpenLogOptions): LogClient {
  return openLog(specOf(log), options)
}

/** The origin line of a log's checkpoints: its submission prefix without scheme and trailing slash (static-ct-api). */
function originOf(submissionPrefix: string): string {
  return submissionPrefix.replace(/^https?:\/\//i, '').replace(/\/+$/, '')
}

function logInfo(
  kind: LogInfo['kind'],
  url: string,
  key: unknown,
  { description, operator, mmd }: { description?: unknown; operator?: unknown; mmd?: unknown },
): { log: LogInfo; key: LogKey } {
  integerOption('log.mmd', mmd, 1, MAX_MMD, 1)
  if (typeof key !== 'string') throw optionError('log.key', 'a base64 SubjectPublicKeyInfo', key)
  const logKey = new LogKey(key)
  const log = {
    id: logKey.id,
    description: name('description', description) ?? url,
    operator: name('operator', operator) ?? new URL(url).hostname,
    kind,
    url,
  }
  return { log, key: logKey }
}

function name(field: string, value: unknown): string | undefined {
  if (value !== undefined && typeof value !== 'string') throw optionError(`log.${field}`, 'a string', value)
  return value
}

function checkedPrefix(field: string, value: unknown, allowHttp: boolean): string {
  const url = typeof value === 'string' && URL.canParse(value) ? new URL(value) : undefined
  const plain = url?.search === '' && url.hash === '' && url.username === '' && url.password === ''
  const secure = url?.protocol === 'https:' || (url?.protocol === 'http:' && (allowHttp || isLoopback(url.hostname)))
  if (typeof value !== 'string' || !plain || !secure || /\s/.test(value))
    throw optionError(`log.${field}`, 'an https URL without query (http for loopback hosts, or with allowHttp)', value)
  return logPrefix(value)
}
