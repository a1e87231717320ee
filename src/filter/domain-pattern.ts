import { isIP } from 'node:net'
import { domainToASCII } from 'node:url'
import type { CtStreamError } from '../errors.js'
import { optionError } from '../util/options.js'

/** What a pattern of `filter.domains` asks for. */
export interface DomainPattern {
  /** Lower case, A-labels, without trailing dot: as names are in `dnsNames`. */
  readonly name: string
  /** Whether the name itself matches. */
  readonly self: boolean
  /** Whether names below it match. */
  readonly below: boolean
}

/** RFC 1035 section 2.3.4, without the length octets. */
const MAX_NAME = 253
const MAX_LABEL = 63

/**
 * @param option - How to name it in an error, such as `filter.domains[3]`.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 */
export function parseDomainPattern(option: string, pattern: string): DomainPattern {
  const prefix = pattern.startsWith('=') ? '=' : pattern.startsWith('*.') ? '*.' : ''
  const name = nameOf(pattern.slice(prefix.length))
  if (name === undefined) throw refused(option, pattern)
  return { name, self: prefix !== '*.', below: prefix !== '=' }
}

function refused(option: string, pattern: string): CtStreamError {
  const address = isIP(pattern.replace(/^(=|\*\.)/, '')) !== 0
  return optionError(
    option,
    address
      ? "a domain name and not an IP address (use `match` and the certificate's `ipAddresses`)"
      : "a RegExp or a domain name ('example.com': it and all below; '=example.com': only it; '*.example.com': only below)",
    pattern,
  )
}

/** `undefined` when it is not the name of a host or domain. */
function nameOf(text: string): string | undefined {
  const absolute = text.endsWith('.') ? text.slice(0, -1) : text
  if (absolute.length > 4 * MAX_NAME || isIP(absolute) !== 0) return undefined
  // A full stop of another script separates labels too: it becomes one here.
  const name = absolute.split('.').map(toALabel).join('.')
  const isName = name.length <= MAX_NAME && name.split('.').every(isLabel)
  return isName ? name : undefined
}

/** In lower case; `''`, which is no label, when there is none. */
function toALabel(label: string): string {
  if (/^[a-z0-9_-]*$/i.test(label)) return label.toLowerCase()
  // What has a meaning in a URL would be taken for the end of the name.
  if (/[^a-z0-9_\u0080-\uffff-]/i.test(label)) return ''
  // The label behind it keeps digits from being taken for an IPv4 address.
  return domainToASCII(`${label}.a`).slice(0, -2)
}

function isLabel(label: string): boolean {
  return label.length <= MAX_LABEL && /^[a-z0-9_-]+$/.test(label)
}
