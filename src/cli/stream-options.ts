import type { LogSpec } from '../types/log.js'
import type { LogSelection } from '../types/log-list.js'
import type { CtStreamOptions } from '../types/stream.js'
import { usageError } from './usage-error.js'
import type { Values } from './values.js'
import { endFrom, startFrom } from './when.js'

/** What the flags say, in the words of `ctStream()`; only what was given. */
export interface StreamRequest extends CtStreamOptions {
  readonly filter?: RequestedFilter
  readonly dedupe?: 'certificate' | 'issuance'
}

export interface RequestedFilter {
  readonly domains?: readonly (string | RegExp)[]
  readonly issuers?: readonly string[]
  readonly kinds?: readonly ('certificate' | 'precertificate')[]
}

/** What the mapping needs beside the flags. */
export interface RequestContext {
  /** Epoch milliseconds, for `--start 2h`. */
  readonly now: number
  /** Content of `--domains-file`. */
  readonly domainsFile?: string
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag. */
export function streamRequest(values: Values, { now, domainsFile }: RequestContext): StreamRequest {
  const logList = values.list('log-list')
  return given<StreamRequest>({
    logList: logList.length > 0 ? logList : undefined,
    logs: logsFrom(values),
    start: startFrom(values, now),
    end: endFrom(values),
    checkpoint: values.switch('no-checkpoint') ? false : values.text('checkpoint'),
    verify: values.choice('verify', ['full', 'signatures-only', 'none-unverified']),
    filter: filterFrom(values, domainsFile),
    dedupe: values.choice('dedupe', ['certificate', 'issuance']),
    contact: values.text('contact'),
    allowHttp: values.switch('allow-http') || undefined,
  })
}

function logsFrom(values: Values): readonly LogSpec[] | LogSelection | undefined {
  const operators = values.list('operator')
  const kinds = values.choices('kind', ['rfc6962', 'static-ct'])
  const logs = specsFrom(values)
  if (logs !== undefined) {
    const selects = ['log-list', 'operator', 'kind'].find((name) => values.has(name))
    if (selects === undefined) return logs
    throw usageError(`${values.from('log')} and ${values.from(selects)} exclude each other`)
  }
  const selection = given<LogSelection>({
    operators: operators.length > 0 ? operators : undefined,
    kinds: kinds.length > 0 ? kinds : undefined,
  })
  return Object.keys(selection).length > 0 ? selection : undefined
}

/** Logs named by hand: the n-th `--log` goes with the n-th `--key` and, if there are any, the n-th `--submission-url`. */
export function specsFrom(values: Values): readonly LogSpec[] | undefined {
  const [urls, keys, submissions] = [values.list('log'), values.list('key'), values.list('submission-url')]
  if (urls.length === 0) {
    const alone = ['key', 'submission-url'].find((name) => values.has(name))
    if (alone !== undefined) throw usageError(`${values.from(alone)} goes with --log`)
    return undefined
  }
  if (keys.length !== urls.length) {
    throw usageError(`${values.from('log')} needs --key, one for each: got ${urls.length} and ${keys.length}`)
  }
  if (submissions.length > 0 && submissions.length !== urls.length) {
    throw usageError(`${values.from('submission-url')} is needed for each --log or none`)
  }
  return urls.map((url, i) => {
    const [key = '', submissionUrl] = [keys[i], submissions[i]]
    if (submissionUrl === undefined) return { kind: 'rfc6962', url, key }
    return { kind: 'static-ct', monitoringUrl: url, submissionUrl, key }
  })
}

function filterFrom(values: Values, domainsFile: string | undefined): RequestedFilter | undefined {
  const domains: (string | RegExp)[] = [...values.list('domain'), ...linesOf(domainsFile ?? '')]
  const match = values.text('match')
  if (match !== undefined) domains.push(regexOf(values, match))
  if (values.has('domains-file') && domains.length === 0) {
    throw usageError(`${values.from('domains-file')} holds no pattern`)
  }
  const issuers = values.list('issuer')
  const only = values.choice('only', ['certificates', 'precertificates'])
  const filter = given<RequestedFilter>({
    domains: domains.length > 0 ? domains : undefined,
    issuers: issuers.length > 0 ? issuers : undefined,
    kinds: only && [only === 'certificates' ? 'certificate' : 'precertificate'],
  })
  return Object.keys(filter).length > 0 ? filter : undefined
}

/** Patterns of a file: one a line, `#` begins a comment. */
function linesOf(text: string): string[] {
  return text
    .split(/\r?\n/)
    .map((line) => line.replace(/#.*$/, '').trim())
    .filter((line) => line !== '')
}

function regexOf(values: Values, source: string): RegExp {
  try {
    return new RegExp(source, 'iu')
  } catch {
    return values.refuse('match', 'a regular expression', source)
  }
}

/** Without the keys that have no value: the library has the defaults. */
function given<T extends object>(options: { readonly [K in keyof T]: T[K] | undefined }): T {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as T
}
