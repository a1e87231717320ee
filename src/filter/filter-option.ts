import { CtStreamError } from '../errors.js'
import type { CertificateKind } from '../types/certificate-kind.js'
import type { Filter } from '../types/filter.js'
import { choiceOption, dateOption, objectOption, optionError } from '../util/options.js'
import { parseDomainPattern } from './domain-pattern.js'
import { DomainSet } from './domain-set.js'
import { EntryFilter, type FilterRules } from './entry-filter.js'
import { IssuerMatcher } from './issuer-matcher.js'
import { stateless } from './stateless.js'

const KINDS: readonly CertificateKind[] = ['certificate', 'precertificate', 'unparsable']

/**
 * Checks the option `filter` and makes the filter. Keeps nothing of the caller's object except `match`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` at once, naming the member, such as `filter.domains[3]`.
 */
export function filterOption(option: string, value: Filter | undefined): EntryFilter | undefined {
  if (value === undefined) return undefined
  const filter = objectOption<Filter>(option, value, ['domains', 'issuers', 'kinds', 'notAfter', 'match'])
  return new EntryFilter({
    kinds: kindsOf(`${option}.kinds`, filter.kinds),
    domains: domainsOf(`${option}.domains`, filter.domains),
    issuers: issuersOf(`${option}.issuers`, filter.issuers),
    notAfter: intervalOf(`${option}.notAfter`, filter.notAfter),
    match: matchOf(`${option}.match`, filter),
  })
}

function kindsOf(option: string, value: Filter['kinds']): ReadonlySet<CertificateKind> {
  if (value === undefined) return new Set(KINDS)
  return new Set(
    listOf<CertificateKind>(option, value).map((kind, i) =>
      choiceOption(`${option}[${i}]`, kind ?? null, KINDS, 'certificate'),
    ),
  )
}

function domainsOf(option: string, value: Filter['domains']): FilterRules['domains'] {
  if (value === undefined) return undefined
  const patterns = patternsOf(option, value)
  return {
    set: new DomainSet(
      patterns.flatMap((pattern, i) =>
        typeof pattern === 'string' ? parseDomainPattern(`${option}[${i}]`, pattern) : [],
      ),
    ),
    tests: patterns.flatMap((pattern) => (typeof pattern === 'string' ? [] : stateless(pattern))),
  }
}

function issuersOf(option: string, value: Filter['issuers']): IssuerMatcher | undefined {
  if (value === undefined) return undefined
  const patterns = patternsOf(option, value)
  patterns.forEach((pattern, i) => {
    if (typeof pattern === 'string' && pattern.trim() === '')
      throw optionError(`${option}[${i}]`, 'a RegExp or a text that is not empty', pattern)
  })
  return new IssuerMatcher(patterns)
}

function intervalOf(option: string, value: Filter['notAfter']): FilterRules['notAfter'] {
  if (value === undefined) return undefined
  const { from, before } = objectOption<NonNullable<Filter['notAfter']>>(option, value, ['from', 'before'])
  const interval = {
    from: from === undefined ? Number.NEGATIVE_INFINITY : dateOption(`${option}.from`, from),
    before: before === undefined ? Number.POSITIVE_INFINITY : dateOption(`${option}.before`, before),
  }
  if (interval.from >= interval.before)
    throw new CtStreamError('CT_OPTION_INVALID', `option \`${option}.from\` must be earlier than \`${option}.before\``)
  return interval
}

function matchOf(option: string, filter: Filter): FilterRules['match'] {
  const { match } = filter
  if (match === undefined) return undefined
  if (typeof match !== 'function') throw optionError(option, 'a function', match)
  return (certificate) => match.call(filter, certificate)
}

function patternsOf(option: string, value: unknown): (string | RegExp)[] {
  return listOf<string | RegExp>(option, value).map((pattern, i) => {
    if (typeof pattern !== 'string' && !(pattern instanceof RegExp))
      throw optionError(`${option}[${i}]`, 'a string or a RegExp', pattern)
    return pattern
  })
}

/** A copy of the list. Refuses an empty list, which could mean everything or nothing. */
function listOf<T>(option: string, value: unknown): T[] {
  if (!Array.isArray(value) || value.length === 0) throw optionError(option, 'an array of at least one', value)
  return Array.from(value as T[])
}
