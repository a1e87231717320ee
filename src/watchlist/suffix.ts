import { parse } from 'tldts'

/** A name by the public suffix list. */
export interface Split {
  /** Where the public suffix starts, its private part included; 0 when the name is one. */
  readonly suffixAt: number
  /** Where the registrable domain starts: one label more; 0 when the name is a public suffix or is one label below it. */
  readonly domainAt: number
  /** Where the suffix of the list's ICANN part starts. */
  readonly icannAt: number
}

const shared = { extractHostname: false, validateHostname: false, detectIp: false, mixedInputs: false } as const
const withPrivate = { ...shared, allowPrivateDomains: true } as const
const icannOnly = { ...shared, allowPrivateDomains: false } as const

/** @param name - Lower case, A-labels, no trailing dot, no wildcard label. */
export function splitName(name: string): Split {
  const { publicSuffix, isPrivate } = parse(name, withPrivate)
  const suffixAt = startOf(name, publicSuffix)
  const domainAt = suffixAt === 0 ? 0 : name.lastIndexOf('.', suffixAt - 2) + 1
  const icannAt = isPrivate ? startOf(name, parse(name, icannOnly).publicSuffix) : suffixAt
  return { suffixAt, domainAt, icannAt }
}

/** Whether it is a suffix by the ICANN part of the list, or a top-level domain that is not listed. */
export function isIcannSuffix(name: string): boolean {
  return parse(name, icannOnly).publicSuffix === name
}

/** Whether its suffix is in the list's ICANN part, which has every top-level domain that is delegated, and `onion`. */
export function hasListedSuffix(name: string): boolean {
  return parse(name, icannOnly).isIcann === true
}

/** Whether it is a suffix by the private part of the list, such as `github.io`: below it are strangers. */
export function isPrivateSuffix(name: string): boolean {
  const { publicSuffix, isPrivate } = parse(name, withPrivate)
  return isPrivate === true && publicSuffix === name
}

function startOf(name: string, suffix: string | null): number {
  return suffix === null ? name.lastIndexOf('.') + 1 : name.length - suffix.length
}

/** The public suffix, private ones included, and one label more; `undefined` for a name that is a public suffix. */
export function registrableDomain(name: string): string | undefined {
  const { suffixAt, domainAt } = splitName(name)
  return suffixAt === 0 ? undefined : name.slice(domainAt)
}

/** {@link registrableDomain}, empty for a public suffix, and {@link hasListedSuffix}, at the price of one. */
export function splitListed(name: string): { readonly domain: string; readonly isListed: boolean } {
  const { publicSuffix, isPrivate, isIcann } = parse(name, withPrivate)
  const suffixAt = startOf(name, publicSuffix)
  const domain = suffixAt === 0 ? '' : name.slice(name.lastIndexOf('.', suffixAt - 2) + 1)
  return { domain, isListed: isPrivate === true ? hasListedSuffix(name) : isIcann === true }
}
