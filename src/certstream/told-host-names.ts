import type { GeneralName } from '../types/name.js'
import { HostNames } from '../x509/dns-names.js'
import { parseIpAddress } from '../x509/ip-address.js'
import { listOf, textOf } from './json-values.js'

const altNameKinds = {
  DNS: 'dNSName',
  'IP Address': 'iPAddress',
  IP: 'iPAddress',
  email: 'rfc822Name',
  'RFC 822Name': 'rfc822Name',
  URI: 'uniformResourceIdentifier',
} as const

/** `DNS:a, IP Address:b, …` in the words of all servers; what is none of these is left out. */
export function toldAltNames(value: unknown): GeneralName[] {
  return (textOf(value) ?? '').split(', ').flatMap((text): GeneralName[] => {
    const colon = text.indexOf(':')
    const kind = Object.hasOwn(altNameKinds, text.slice(0, Math.max(colon, 0)))
      ? altNameKinds[text.slice(0, colon) as keyof typeof altNameKinds]
      : undefined
    const name = text.slice(colon + 1)
    return kind === undefined ? [] : [{ kind, value: name, raw: octetsOf(kind, name) }]
  })
}

function octetsOf(kind: GeneralName['kind'], text: string): Uint8Array {
  const octets = kind === 'iPAddress' ? parseIpAddress(text) : undefined
  return Uint8Array.from(octets ?? Buffer.from(text, 'utf8'))
}

/**
 * The names one can look up: those of the alternative names in their order, then what else is in `all_domains`, of which a common name
 * counts only when it is a host name.
 */
export function toldHostNames(allDomains: unknown, altNames: readonly GeneralName[], commonName?: string): HostNames {
  const names = new HostNames()
  const isAltName = new Set(altNames.filter(({ kind }) => kind === 'dNSName').map(({ value }) => value))
  for (const { kind, value, raw } of altNames) {
    if (kind === 'dNSName') add(names, value)
    else if (kind === 'iPAddress' && raw.length !== value.length) names.addIpAddress(raw)
  }
  for (const name of listOf(allDomains)) {
    if (typeof name !== 'string') continue
    if (name === commonName && !isAltName.has(name)) names.addCommonName(name)
    else add(names, name)
  }
  return names
}

function add(names: HostNames, name: string): void {
  const octets = Buffer.from(name, 'utf8')
  // A name that is not ASCII was put into words by the server: its octets are not those of the certificate.
  if (octets.length === name.length) names.addDnsName(octets, 0, octets.length)
  else names.addCommonName(name)
}
