import { HostNames } from '../x509/dns-names.js'

/** The names and addresses that may be meant by what stands in a certificate. */
export interface Reading {
  /** Lower case, A-labels, no trailing dot; characters that no name has are `\DDD`. */
  readonly names: readonly string[]
  /** Dotted decimal or RFC 5952. */
  readonly addresses: readonly string[]
  /** A NUL cuts the name short for careless clients. */
  readonly hasNul: boolean
}

/** Characters of names that mean only themselves. */
const clean = new Uint8Array(128)
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789-._*') clean[char.charCodeAt(0)] = 1

const DOT = 0x2e
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

/** Longest text that is looked at: what a dNSName of this library's reader can have. Longer ones are no names. */
const MAX_TEXT = 8192

/** Whether the text is a name as it stands, as nearly all are; what ends in a digit may be an IP address. */
export function isPlainName(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127 || clean[code] === 0) return false
  }
  const last = text.charCodeAt(text.length - 1)
  return text.length > 0 && text.length <= 1024 && last !== DOT && (last < DIGIT_0 || last > DIGIT_9)
}

/**
 * Reads what is not a plain name as the decoder of certificates does: URLs, ports, NULs, outer spaces, U-labels as UTF-8 and as
 * Latin-1. The `\DDD` of `dnsNames` are octets again.
 */
export function readName(text: string): Reading {
  const names = new HostNames()
  const shown = text.slice(0, MAX_TEXT)
  const hasEscapes = /\\\d{3}/.test(shown)
  const plain = hasEscapes ? shown.replace(/\\(\d{3})/g, unescaped) : shown
  const utf8 = Buffer.from(plain, 'utf8')
  names.addDnsName(utf8, 0, utf8.length)
  // Octets that somebody read as Latin-1 may have been UTF-8.
  if (/[\u0080-\u00ff]/.test(plain) && !/[^\0-\u00ff]/.test(plain)) {
    const octets = Buffer.from(plain, 'latin1')
    names.addDnsName(octets, 0, octets.length)
  }
  return { names: names.dnsNames, addresses: names.ipAddresses, hasNul: plain.includes('\0') }
}

function unescaped(whole: string, digits: string): string {
  const octet = Number(digits)
  return octet < 256 ? String.fromCharCode(octet) : whole
}
