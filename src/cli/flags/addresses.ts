import { userAgent } from '../../http/user-agent.js'
import { listOrigins } from '../../loglist/list-input.js'
import { openLog } from '../../logs/open-log.js'
import type { LogSpec } from '../../types/log.js'
import { VERSION } from '../../version.js'
import { LogKey } from '../../wire/head-signature.js'
import { usageError } from './usage-error.js'
import type { Values } from './values.js'

// Flags for addresses of logs and the client's contact. The library would refuse the same values, but name its options instead of flags.

/** `--contact`. @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag; so do the others here. */
export function contactFrom(values: Values): string | undefined {
  const contact = values.text('contact')
  if (contact === undefined) return undefined
  values.accept('contact', 'an e-mail address or an https URL', contact, () => userAgent(VERSION, contact))
  return contact
}

/** `--log-list`; `undefined`: the default lists. */
export function logListsFrom(values: Values): readonly string[] | undefined {
  const lists = values.list('log-list')
  const options = { allowHttp: values.switch('allow-http') }
  for (const list of lists)
    values.accept('log-list', `${urlBound(values)} or a file`, list, () => listOrigins([list], options))
  return lists.length > 0 ? lists : undefined
}

/** Values of `--log`, `--key` and `--submission-url`, keys as base64. */
export interface NamedLogs {
  readonly urls: readonly string[]
  readonly keys: readonly string[]
  readonly submissions: readonly string[]
}

/**
 * Logs named by hand: the n-th `--log` goes with the n-th `--key` and, if there are any, the n-th `--submission-url`, where `-` stands
 * for none.
 */
export function specsFrom(
  values: Values,
  { urls, keys, submissions }: NamedLogs = {
    urls: values.list('log'),
    keys: values.list('key'),
    submissions: values.list('submission-url'),
  },
): readonly LogSpec[] | undefined {
  if (!values.has('log')) {
    const alone = ['key', 'submission-url'].find((name) => values.has(name))
    if (alone !== undefined) throw usageError(`${values.from(alone)} goes with --log`)
    return undefined
  }
  if (keys.length !== urls.length) {
    throw usageError(`${values.from('log')} needs --key, one for each: got ${urls.length} and ${keys.length}`)
  }
  if (submissions.length > 0 && submissions.length !== urls.length) {
    throw usageError(
      `${values.from('submission-url')} is needed for each --log or none; write - for one that is an RFC 6962 log`,
    )
  }
  return urls.map((url, i) => {
    const [key = '', submissionUrl] = [keys[i], submissions[i]]
    values.accept('key', 'the base64 SubjectPublicKeyInfo of an ECDSA P-256 or RSA key', key, () => new LogKey(key))
    acceptUrl(values, 'log', url, key)
    if (submissionUrl === undefined || submissionUrl === '-') return { kind: 'rfc6962', url, key }
    acceptUrl(values, 'submission-url', submissionUrl, key)
    return { kind: 'static-ct', monitoringUrl: url, submissionUrl, key }
  })
}

function acceptUrl(values: Values, flag: string, url: string, key: string): void {
  const allowHttp = values.switch('allow-http')
  const check = () => openLog({ kind: 'rfc6962', url, key }, { transport: noTransport, allowHttp })
  values.accept(flag, `${urlBound(values)}, without query`, url, check)
}

/** For a client that is made only to check its options. */
const noTransport = { get: () => Promise.reject(new Error('not asked')), close: () => Promise.resolve() }

function urlBound(values: Values): string {
  return values.switch('allow-http') ? 'an http or https URL' : 'an https URL (http with --allow-http)'
}
