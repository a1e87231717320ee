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

/** Longest text that the decoder takes for a name. What it makes of one may be longer, of A-labels and `\DDD`. */
const MAX_READ = 1024
/** Longest text that is looked at: a name of so many characters in UTF-8, three octets each, all of them written `\DDD`. Longer ones are no names. */
const MAX_TEXT = MAX_READ * 3 * 4

/** Whether the text is a name as it stands, as nearly all are; what ends in a digit may be an IP address. */
export function isPlainName(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 127 || clean[code] === 0) return false
  }
  const last = text.charCodeAt(text.length - 1)
  return text.length > 0 && text.length <= MAX_READ && last !== DOT && (last < DIGIT_0 || last > DIGIT_9)
}

/**
 * Reads what is not a plain name as the decoder of certificates does: URLs, ports, NULs, outer spaces, U-labels as UTF-8 and as
 * Latin-1. The `\DDD` of `dnsNames` are octets again; a name that is longer than what the decoder reads is taken as it stands, too.
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
  const isShown = shown.length > MAX_READ && shown === text && isWritten(text) && !names.dnsNames.includes(text)
  return {
    names: isShown ? [...names.dnsNames, text] : names.dnsNames,
    addresses: names.ipAddresses,
    hasNul: plain.includes('\0'),
  }
}

/** Whether a text is written as the names of `dnsNames` are. */
function isWritten(text: string): boolean {
  return /^[\x21-\x40\x5b-\x7e]+$/.test(text) && !text.endsWith('.')
}

function unescaped(whole: string, digits: string): string {
  const octet = Number(digits)
  return octet < 256 ? String.fromCharCode(octet) : whole
}
