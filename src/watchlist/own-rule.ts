import { parseIpAddress } from '../x509/ip-address.js'
import type { Place } from './place.js'
import { readName } from './read-name.js'

/** Which names a rule means, as bits: rules about one name are kept together. */
export const Scope = { exact: 1, domain: 2, below: 4 } as const

export type OwnRule =
  | { readonly kind: 'name'; readonly name: string; readonly scope: number }
  | { readonly kind: 'ip'; readonly octets: readonly number[]; readonly bits: number }

const SHAPES = "'=mail.example.com', 'example.com', '*.example.com' or 'ip:192.0.2.0/24'"

/**
 * `=mail.example.com`: this name. `example.com`: it and all below. `*.example.com`: all below. `ip:CIDR`: addresses.
 * Upper case, a trailing dot and U-labels are as good as A-labels.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, or `CT_WATCHLIST_INVALID` with file and line.
 */
export function parseOwnRule(place: Place, text: string): OwnRule {
  const trimmed = text.trim()
  if (/^ip:/i.test(trimmed)) return parseIpRule(place, trimmed)
  const prefix = trimmed.startsWith('=') ? '=' : trimmed.startsWith('*.') ? '*.' : ''
  const name = domainOf(trimmed.slice(prefix.length))
  if (name === undefined) throw place.refuse(`a name of yours: ${SHAPES}`, text)
  const scope = prefix === '=' ? Scope.exact : prefix === '' ? Scope.domain : Scope.below
  return { kind: 'name', name, scope }
}

/** As it is in `dnsNames`; `undefined` when it is no name of a host or domain. */
export function domainOf(text: string): string | undefined {
  // Other scripts have full stops of their own (UTS 46).
  const { names, addresses } = readName(text.trim().replace(/[\u3002\uff0e\uff61]/g, '.'))
  const [name] = names
  if (name === undefined || addresses.length > 0 || text.includes('://') || /[/:\0]/.test(text)) return undefined
  const isName = name.length <= 253 && name.split('.').every((label) => /^[a-z0-9_-]{1,63}$/.test(label))
  return isName ? name : undefined
}

function parseIpRule(place: Place, text: string): OwnRule {
  const [address = '', length, ...rest] = text.slice('ip:'.length).split('/')
  const octets = parseIpAddress(address.trim())
  const most = (octets?.length ?? 0) * 8
  const bits = length === undefined ? most : /^\d{1,3}$/.test(length) ? Number(length) : -1
  if (octets === undefined || rest.length > 0 || bits < 0 || bits > most)
    throw place.refuse("an address or range such as 'ip:192.0.2.0/24' or 'ip:2001:db8::/32'", text)
  return { kind: 'ip', octets, bits }
}
