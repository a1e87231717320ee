import { domainToASCII } from 'node:url'
import { bufferOf } from '../util/bytes.js'
import { formatIpAddress, parseIpAddress } from './ip-address.js'
import { ignore, type Note } from './note.js'
import { excerpt, isAscii, latin1, strictUtf8 } from './strings.js'
import { UniqueList } from './unique-list.js'

/** No label has more characters than octets, and no DNS label more than 63 octets; converting longer ones is a waste of time. */
const MAX_LABEL = 255

/** Labels of one certificate that are converted to A-labels: no real one has as many, and a conversion costs as much as 100 octets. */
const MAX_CONVERSIONS = 20_000

/** No DNS name has more than 255 octets; what is far longer is none, and is not taken apart. */
const MAX_NAME = 1024

/** Characters of names that are as they should be: lower-case host names, wildcards, underscores. */
const clean = new Uint8Array(256)
for (const char of 'abcdefghijklmnopqrstuvwxyz0123456789-._*') clean[char.charCodeAt(0)] = 1

const DOT = 0x2e
const DIGIT_0 = 0x30
const DIGIT_9 = 0x39

/**
 * Collects the names one can look up from what CAs write into dNSNames and common names, so that whoever watches a domain misses
 * none that a careless client might take for it.
 *
 * - lower case, white space around and trailing dots off, each name once
 * - labels that are not ASCII become A-labels: read as UTF-8 where they are, and as Latin-1 as well
 * - `http://`, `https://` off; a name with a NUL or a slash gives both the part before it and the whole; so does a port
 * - an IP address is an IP address, wherever it is written
 * - what is longer than 1024 characters is no name
 * - from the 20,001st on, labels that are not ASCII are escaped as below and not converted
 * - other characters that cannot be in a name, or would harm a terminal, are written `\DDD` (RFC 1035 section 5.1)
 */
export class HostNames {
  private readonly names = new UniqueList()
  /** Where the first dNSName is, which most common names repeat; nothing while `firstStop` is 0. */
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
   * A common name of any string type, when its octets are a name as they stand.
   * @returns Whether they are; otherwise decode them and {@link addCommonName}.
   */
  addCommonNameOctets(bytes: Uint8Array, start: number, stop: number): boolean {
    if (this.isFirst(bytes, start, stop)) return true
    if (!isClean(bytes, start, stop)) return false
    const text = latin1(bytes, start, stop)
    if (text.includes('.')) this.names.add(text)
    return true
  }

  /** A common name: counts when it is an IP address, or has a dot and neither a space nor an `@`. */
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
    // Upper case and a trailing dot are as good as none.
    if (!added || !/^[a-z0-9._*-]+$/i.test(text))
      this.note('name-unusual', `the dNSName ${JSON.stringify(excerpt(text))} is not a host name`)
  }

  private addCommonNamePart(part: string): void {
    if (this.addIpText(part)) return
    const name = part.trim()
    if (/[ @]/.test(name) || !withoutTrailingDots(name).includes('.')) return
    this.names.add(this.canonicalName(name))
  }

  /** Lower case, white space around and trailing dots off, A-labels, what cannot be printed as `\DDD`; may be empty. */
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

/** Whether a dNSName is one already, as nearly all are; what ends in a digit may be an IP address. */
function isClean(bytes: Uint8Array, start: number, stop: number): boolean {
  for (let at = start; at < stop; at++) if (clean[bytes[at] as number] === 0) return false
  const last = bytes[stop - 1] as number
  return start < stop && stop - start <= MAX_NAME && last !== DOT && (last < DIGIT_0 || last > DIGIT_9)
}

/** The readings of a text that may be more than a name: up to a NUL, a slash or a port, and as a whole. */
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

/** Not by a regular expression: `/\.+$/` takes quadratic time for dots in the middle. */
function withoutTrailingDots(text: string): string {
  let end = text.length
  while (end > 0 && text.charCodeAt(end - 1) === DOT) end--
  return text.slice(0, end)
}

/** A-label of a U-label; `undefined` when it has none. */
function toALabel(label: string): string | undefined {
  // Other ASCII than a host name's would be read as the syntax of a URL: cut off at a slash, decoded after a percent sign.
  if (label.length > MAX_LABEL || /[^a-z0-9_\u0080-\uffff-]/i.test(label)) return undefined
  // The label behind it keeps digits from being taken for an IPv4 address.
  const ascii = domainToASCII(`${label}.a`)
  return ascii.length > 2 ? ascii.slice(0, -2) : undefined
}

/** Lets full stops be. */
function escaped(text: string): string {
  return bufferOf(Buffer.from(text, 'utf8'))
    .toString('latin1')
    .replace(/[^\x21-\x5b\x5d-\x7e]/g, (octet) => `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`)
}
