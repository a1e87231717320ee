import { parseDomainPattern } from '../../filter/domain-pattern.js'
import type { DedupeBy, Filter } from '../../types/filter.js'
import type { LogSpec } from '../../types/log.js'
import type { LogSelection } from '../../types/log-list.js'
import type { CtStreamOptions, EndOption, StartOption } from '../../types/stream-options.js'
import { contactFrom, logListsFrom, specsFrom } from './addresses.js'
import { given } from './given.js'
import { LinearPattern } from './linear-pattern.js'
import { selectionFrom } from './selection.js'
import { usageError } from './usage-error.js'
import type { Values } from './values.js'
import { endFrom, mergeDelayFrom, startFrom } from './when.js'

/** What the mapping needs beside the flags. */
export interface RequestContext {
  /** Epoch milliseconds, for `--start 2h`. */
  readonly now: number
  /** Content of `--domains-file`. */
  readonly domainsFile?: string | undefined
  /** Logs named by hand, where they were looked up. */
  readonly specs?: readonly LogSpec[] | undefined
}

/**
 * What the flags say, in the words of `ctStream()`; only what was given.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming the flag.
 */
export function streamRequest(values: Values, { now, domainsFile, specs }: RequestContext): CtStreamOptions {
  return given<CtStreamOptions>({
    logList: logListsFrom(values),
    logs: logsFrom(values, specs),
    ...rangeFrom(values, now),
    mergeDelayMs: mergeDelayFrom(values),
    endPatienceMs: patienceFrom(values),
    checkpoint: values.switch('no-checkpoint') ? false : values.text('checkpoint'),
    verify: values.choice('verify', ['full', 'signatures-only', 'none-unverified']),
    onMisbehaviour: values.choice('on-misbehaviour', ['stop-log', 'continue-unverified']),
    filter: filterFrom(values, domainsFile),
    dedupe: values.choice<DedupeBy>('dedupe', ['certificate', 'issuance']),
    workers: values.integer('workers', 0, 16),
    contact: contactFrom(values),
    allowHttp: values.switch('allow-http') || undefined,
  })
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` for a range that holds nothing. */
function rangeFrom(values: Values, now: number): { start: StartOption | undefined; end: EndOption | undefined } {
  const [start, end] = [startFrom(values, now), endFrom(values)]
  if (isAfter(start, end)) {
    const [from, to] = [values.text('start'), values.text('end')]
    throw usageError(`nothing lies between ${values.from('start')} ${from} and ${values.from('end')} ${to}`)
  }
  return { start, end }
}

function isAfter(start: StartOption | undefined, end: EndOption | undefined): boolean {
  if (typeof end !== 'object') return false
  if ('index' in end) return end.index <= (typeof start === 'object' && 'index' in start ? start.index : 0)
  return typeof start === 'object' && 'time' in start && end.time.getTime() <= start.time.getTime()
}

function patienceFrom(values: Values): number | undefined {
  const seconds = values.integer('end-patience', 1, 86_400)
  return seconds === undefined ? undefined : seconds * 1000
}

function logsFrom(
  values: Values,
  specs: readonly LogSpec[] | undefined,
): readonly LogSpec[] | LogSelection | undefined {
  const selects = ['log-list', 'operator', 'log-name', 'kind'].find((name) => values.has(name))
  if (values.has('log') && selects !== undefined)
    throw usageError(`${values.from('log')} and ${values.from(selects)} exclude each other`)
  const named = specs ?? specsFrom(values)
  if (named !== undefined) return named
  const selection = selectionFrom(values)
  return Object.keys(selection).length > 0 ? selection : undefined
}

function filterFrom(values: Values, domainsFile: string | undefined): Filter | undefined {
  const domains = domainsFrom(values, domainsFile)
  const issuers = values.list('issuer')
  for (const issuer of issuers) if (issuer.trim() === '') values.refuse('issuer', 'a text that is not blank', issuer)
  const only = values.choice('only', ['certificates', 'precertificates'])
  const filter = given<Filter>({
    domains: domains.length > 0 ? domains : undefined,
    issuers: issuers.length > 0 ? issuers : undefined,
    kinds: only && [only === 'certificates' ? 'certificate' : 'precertificate'],
  })
  return Object.keys(filter).length > 0 ? filter : undefined
}

const DOMAIN_BOUND = 'a domain (example.com: it and all below; =example.com: only it; *.example.com: only below)'

function domainsFrom(values: Values, file: string | undefined): readonly (string | RegExp)[] {
  const flagged = values.list('domain')
  for (const pattern of flagged) refuseNearMiss(values, pattern)
  for (const pattern of flagged)
    values.accept('domain', DOMAIN_BOUND, pattern, () => parseDomainPattern('domain', pattern))
  const lines = linesOf(file ?? '')
  for (const { pattern, line } of lines)
    values.accept('domains-file', `a file of patterns, each ${DOMAIN_BOUND}; line ${line}`, pattern, () =>
      parseDomainPattern('domain', pattern),
    )
  const match = values.text('match')
  const domains = [...flagged, ...lines.map(({ pattern }) => pattern), ...(match ? [regexOf(values, match)] : [])]
  if (values.has('domains-file') && domains.length === 0)
    throw usageError(`${values.from('domains-file')} holds no pattern`)
  return domains
}

/** What is easily written for a pattern, with the pattern it is meant for. */
function refuseNearMiss(values: Values, pattern: string): void {
  const meant = /^[a-z]+:\/\//i.test(pattern)
    ? URL.canParse(pattern) && new URL(pattern).hostname
    : pattern.startsWith('.') && `*${pattern}`
  const near = meant || (/^[^/]+\/.*$/.test(pattern) ? pattern.replace(/\/.*$/, '') : undefined)
  if (!near) return
  try {
    parseDomainPattern('domain', near)
  } catch {
    return
  }
  throw usageError(
    `${values.from('domain')} takes ${DOMAIN_BOUND}, got ${JSON.stringify(pattern)}: did you mean ${near}?`,
  )
}

/** Patterns of a file: one a line, `#` begins a comment. */
function linesOf(text: string): { readonly pattern: string; readonly line: number }[] {
  return text
    .split(/\r?\n/)
    .map((line, i) => ({ pattern: line.replace(/#.*$/, '').trim(), line: i + 1 }))
    .filter(({ pattern }) => pattern !== '')
}

function regexOf(values: Values, source: string): RegExp {
  try {
    return new LinearPattern(source)
  } catch {
    return values.refuse(
      'match',
      'a regular expression in the syntax of RE2 (no lookaround, no back-references)',
      source,
    )
  }
}
