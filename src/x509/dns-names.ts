import { domainToASCII } from 'node:url'
import { bufferOf } from '../util/bytes.js'
import { formatIpAddress, parseIpAddress } from './ip-address.js'
import { ignore, type Note } from './note.js'
import { excerpt, isAscii, latin1, strictUtf8 } from './strings.js'
import { UniqueList } from './unique-list.js'

/** Longest label to convert: DNS labels have at most 63 octets, and no fewer octets than characters. */
const MAX_LABEL = 255

/** Most labels of a certificate to convert to A-labels: no real one has so many, and a conversion costs as much as 100 octets. */
const MAX_CONVERSIONS = 20_000

/** Longest text to examine as a name: DNS names have at most 255 octets. */
const MAX_NAME = 1024

/** Characters of usual names: lower-case host names, wildcards, underscores. */
const clean = new Uint8Array(256)
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789-._*') clean[char.charCodeAt(0)] = 1

const DOT = 0x2e
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

/**
 * Collects names from the contents of dNSNames and common names in a normal form, so that whoever watches a domain misses no name that a
 * careless client might take for it.
 *
 * - lower case, without surrounding white space and trailing dots, each name once
 * - labels that are not ASCII become A-labels, read as UTF-8 if they are valid, and as Latin-1 as well
 * - `http://` and `https://` are removed; a name with a NUL, a slash or a port yields both the part before it and the whole
 * - an IP address counts as an IP address wherever it is written
 * - a text longer than 1024 characters is no name
 * - from the 20,001st on, labels that are not ASCII are escaped as below instead of converted
 * - other characters that cannot be in a name, or would harm a terminal, are written `\DDD` (RFC 1035 section 5.1)
 */
export class HostNames {
  /** Why names may be missing, the first reason; `undefined` when all could be read. */
  unread: string | undefined
  private readonly names = new UniqueList()
  /** Position of the first dNSName, which most common names repeat; none while `firstStop` is 0. */
  private firstStart = 0
  private firstStop = 0
  private addresses: UniqueList | undefined
  private conversions = 0
  private readonly note: Note

  constructor(note: Note = ignore) {
    this.note = note
  }

  get dnsNames(): string[] {
    return this.names.values
  }

  /** Dotted decimal or RFC 5952. */
  get ipAddresses(): string[] {
    return this.addresses?.values ?? []
  }

  /** A dNSName: the octets `start` to `stop`. */
  addDnsName(bytes: Uint8Array, start: number, stop: number): void {
    if (!isClean(bytes, start, stop)) {
      this.addOddDnsName(bytes.subarray(start, stop))
      return
    }
    this.names.add(latin1(bytes, start, stop))
    if (this.firstStop > 0) return
    this.firstStart = start
    this.firstStop = stop
  }

  /** An iPAddress: 4 or 16 octets. */
  addIpAddress(octets: Uint8Array): void {
    const text = formatIpAddress(octets)
    if (text !== undefined) this.addAddress(text)
    else this.note('ip-address-malformed', `an iPAddress of ${octets.length} octets`)
  }

  /**
   * Adds a common name of any string type whose octets are a usual name.
   * @returns Whether they are; otherwise decode them and call {@link addCommonName}.
   */
  addCommonNameOctets(bytes: Uint8Array, start: number, stop: number): boolean {
    if (this.isFirst(bytes, start, stop)) return true
    if (!isClean(bytes, start, stop)) return false
    const text = latin1(bytes, start, stop)
    if (text.includes('.')) this.names.add(text)
    return true
  }

  /** Adds a common name, if it is an IP address, or has a dot and neither a space nor an `@`. */
  addCommonName(text: string): void {
    for (const part of partsOf(text)) this.addCommonNamePart(part)
  }

  private isFirst(bytes: Uint8Array, start: number, stop: number): boolean {
    const { firstStart, firstStop } = this
    if (stop - start !== firstStop - firstStart || start === stop) return false
    for (let i = stop - start - 1; i >= 0; i--) if (bytes[start + i] !== bytes[firstStart + i]) return false
    return true
  }

  private addOddDnsName(octets: Uint8Array): void {
    const readings = new Set([latin1(octets)])
    if (!isAscii(octets)) {
      const text = strictUtf8(octets)
      if (text !== undefined) readings.clear()
      if (text !== undefined) readings.add(text).add(latin1(octets))
    }
    let added = false
    for (const reading of readings)
      for (const part of partsOf(reading)) {
        const isIp = this.addIpText(part)
        const name = isIp ? '' : this.canonicalName(part)
        if (name !== '') this.names.add(name)
        added ||= isIp || name !== ''
      }
    const [text = ''] = readings
    // Upper case and a trailing dot make no difference.
    if (!added || !/^[a-z0-9._*-]+$/i.test(text))
      this.note('name-unusual', `the dNSName ${JSON.stringify(excerpt(text))} is not a host name`)
  }

  private addCommonNamePart(part: string): void {
    if (this.addIpText(part)) return
    const name = part.trim()
    if (/[ @]/.test(name) || !withoutTrailingDots(name).includes('.')) return
    this.names.add(this.canonicalName(name))
  }

  /** The normal form of a name; may be empty. */
  private canonicalName(text: string): string {
    const name = withoutTrailingDots(text.trim())
    if (this.conversions >= MAX_CONVERSIONS) return escaped(name.toLowerCase())
    return name
      .split('.')
      .map((label) => this.canonicalLabel(label))
      .join('.')
  }

  private canonicalLabel(label: string): string {
    if (/^[\x21-\x7e]*$/.test(label) && !label.includes('\\')) return label.toLowerCase()
    // biome-ignore lint/suspicious/noControlCharactersInRegex: ASCII is what needs no conversion
    const isConverted = !/^[\x00-\x7f]*$/.test(label)
    if (isConverted) this.conversions++
    return (isConverted ? toALabel(label) : undefined) ?? escaped(label.toLowerCase())
  }

  private addIpText(text: string): boolean {
    const octets = parseIpAddress(withoutTrailingDots(text.trim()))
    const address = octets === undefined ? undefined : formatIpAddress(octets)
    if (address === undefined) return false
    this.addAddress(address)
    return true
  }

  private addAddress(address: string): void {
    this.addresses ??= new UniqueList()
    this.addresses.add(address)
  }
}

/** Whether a dNSName is in normal form already, as nearly all are. A name that ends in a digit may be an IP address. */
function isClean(bytes: Uint8Array, start: number, stop: number): boolean {
  for (let at = start; at < stop; at++) if (clean[bytes[at] as number] === 0) return false
  const last = bytes[stop - 1] as number
  return start < stop && stop - start <= MAX_NAME && last !== DOT && (last < DIGIT_0 || last > DIGIT_9)
}

/** The possible names in a text: the whole, and the parts before a NUL, a slash or a port. */
function partsOf(text: string): string[] {
  const whole = text.trim().replace(/^https?:\/\//i, '')
  const untilNul = before(whole, '\0')
  const parts = [before(untilNul, '/'), untilNul, before(whole, '/'), whole]
  for (const part of [...parts]) {
    const port = /:\d{1,5}$/.exec(part)
    if (port !== null && part.indexOf(':') === port.index) parts.unshift(part.slice(0, port.index))
  }
  return [...new Set(parts)].filter((part) => part.length <= MAX_NAME)
}

function before(text: string, mark: string): string {
  const at = text.indexOf(mark)
  return at < 0 ? text : text.slice(0, at)
}

/** Removes trailing dots. The regular expression `/\.+$/` would take quadratic time for dots in the middle. */
function withoutTrailingDots(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === DOT) end--
  return text.slice(0, end)
}

/** A-label of a U-label; `undefined` when it has none. */
function toALabel(label: string): string | undefined {
  // Other ASCII than that of host names is URL syntax: a slash would cut the name off, a percent sign would be decoded.
  if (label.length > MAX_LABEL || /[^a-z0-9_\u0080-\uffff-]/i.test(label)) return undefined
  // The label appended here keeps digits from being parsed as an IPv4 address.
  const ascii = domainToASCII(`${label}.a`)
  return ascii.length > 2 ? ascii.slice(0, -2) : undefined
}

/** Escapes all such characters except full stops. */
function escaped(text: string): string {
  return bufferOf(Buffer.from(text, 'utf8'))
    .toString('latin1')
    .replace(/[^\x21-\x5b\x5d-\x7e]/g, (octet) => `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`)
}
