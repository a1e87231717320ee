import { domainToASCII } from 'node:url'
import { isTold } from '../decode/decode-entry.js'
import { isPublicAddress } from '../http/public-addresses.js'
import { hasListedSuffix, isIcannSuffix } from '../watchlist/suffix.js'
import { type InspectedCertificate, MAX_NAMES } from './facts.js'
import { decodePunycode } from './punycode.js'
import { breach, type RuleBreach, type RuleId } from './rule.js'

/** Date of BR 1.0, the first to demand a SubjectAltName. */
const REQUIREMENTS_FROM = Date.UTC(2012, 6, 1)
/** BR 1.0, 9.2.1: certificates with internal names and reserved addresses must not end later. */
const INTERNAL_UNTIL = Date.UTC(2015, 10, 1)
const UNDERSCORE_FROM = Date.UTC(2019, 3, 1)
const RESERVED_LABEL_FROM = Date.UTC(2021, 9, 1)
const COPY_FROM = Date.UTC(2021, 9, 1)
const ARPA_FROM = Date.UTC(2026, 2, 15)
const MAX_NAME = 253
const MAX_LABEL = 63
const COMMON_NAME = '2.5.4.3'

/** Rules of the SubjectAltName, and of common names, which must repeat one of its names. */
export function nameRules(cert: InspectedCertificate): RuleBreach[] {
  const { altNames, notBefore, notAfter } = cert
  const at = notBefore?.getTime() ?? Number.NEGATIVE_INFINITY
  const isOlder = notBefore !== undefined && at < REQUIREMENTS_FROM
  const isInternalAllowed = isOlder || (notAfter !== undefined && notAfter.getTime() <= INTERNAL_UNTIL)
  const found = new Map<RuleId, string[]>()
  const note = (rule: RuleId, name: string) => {
    const names = found.get(rule) ?? []
    found.set(rule, names)
    names.push(name)
  }
  for (const { kind, value, raw } of altNames.slice(0, MAX_NAMES)) {
    if (kind === 'dNSName') for (const rule of dnsNameRules(value, at, isInternalAllowed)) note(rule, value)
    else if (kind !== 'iPAddress') note('san-type', `${kind} ${value}`)
    else if (!isInternalAllowed && (raw.length === 4 || raw.length === 16) && !isPublicAddress(value))
      note('ip-reserved', value)
  }
  // Of names that were not told it is unknown whether there are any, and which common names they repeat.
  if (altNames.length === 0 && isTold(cert)) return []
  const hosts = altNames.filter(({ kind }) => kind === 'dNSName' || kind === 'iPAddress')
  if (hosts.length === 0 && !isOlder) found.set('san-missing', [])
  // Clients ignore case.
  const allowed = new Set(hosts.map(({ value }) => value.toLowerCase()))
  for (const { oid, value } of cert.subject.attributes) {
    if (oid !== COMMON_NAME || allowed.has(value.toLowerCase())) continue
    // Since that date it must be a copy; before, another form of the name was allowed.
    if (at >= COPY_FROM || !allowed.has(domainToASCII(value.slice(0, MAX_NAME)))) note('cn-not-in-san', value)
  }
  return [...found].map(([rule, names]) => breach(rule, '', names))
}

/** @param at - `notBefore`, epoch milliseconds. */
function dnsNameRules(name: string, at: number, isInternalAllowed: boolean): readonly RuleId[] {
  const host = name.startsWith('*.') ? name.slice(2) : name
  if (name.length > MAX_NAME || host === '') return ['name-syntax']
  const lower = host.toLowerCase()
  const labels = lower.split('.')
  const rules = new Set<RuleId>()
  for (const label of labels) for (const rule of labelRules(label, at)) rules.add(rule)
  // An invalid name has no suffix.
  if (rules.has('name-syntax')) return [...rules]
  if (at >= ARPA_FROM && /(^|\.)(in-addr|ip6)\.arpa$/.test(lower)) rules.add('name-arpa')
  // Its top-level domain is not on the list, which has all delegated ones.
  if (!hasListedSuffix(lower)) {
    if (!isInternalAllowed) rules.add('name-internal')
  } else if (name !== host && isIcannSuffix(lower)) rules.add('wildcard-suffix')
  return [...rules]
}

function labelRules(label: string, at: number): RuleId[] {
  if (label.includes('_') && /^[a-z0-9_]([a-z0-9_-]*[a-z0-9_])?$/.test(label))
    return at >= UNDERSCORE_FROM ? ['name-underscore'] : []
  if (label.length > MAX_LABEL || !/^[a-z0-9]([a-z0-9-]*[a-z0-9])?$/.test(label)) return ['name-syntax']
  if (label.slice(2, 4) !== '--') return []
  if (!label.startsWith('xn--')) return at >= RESERVED_LABEL_FROM ? ['name-reserved-label'] : []
  const text = decodePunycode(label.slice(4))
  if (text === undefined) return ['name-punycode']
  const isUnicode = [...text].some((character) => (character.codePointAt(0) as number) > 127)
  return isUnicode && text === text.normalize('NFC') ? [] : ['name-idn']
}
