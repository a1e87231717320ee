import { isIP } from 'node:net'
import type { CtStreamError } from '../errors.js'
import { toALabel } from '../util/a-label.js'
import { optionError } from '../util/options.js'

/** A parsed pattern of `filter.domains`. */
export interface DomainPattern {
  /** The domain in lower case, with A-labels and without trailing dot, like names in `dnsNames`. */
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
 * @param option - Its name in errors, such as `filter.domains[3]`.
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

/** `undefined` for anything but a host or domain name. */
function nameOf(text: string): string | undefined {
  const absolute = text.endsWith('.') ? text.slice(0, -1) : text
  if (absolute.length > 4 * MAX_NAME || isIP(absolute) !== 0) return undefined
  // Full stops of other scripts separate labels, too: they become `.` here.
  const name = absolute.split('.').map(toALabel).join('.')
  const isName = name.length <= MAX_NAME && name.split('.').every(isLabel)
  return isName ? name : undefined
}

function isLabel(label: string): boolean {
  return label.length <= MAX_LABEL && /^[a-z0-9_-]+$/.test(label)
}
