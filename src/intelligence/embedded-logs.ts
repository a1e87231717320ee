import { toBase64 } from '../util/bytes.js'
import { Tag } from '../x509/der.js'
import { Element, sameAt } from './element.js'
import type { Place } from './extension-places.js'
import { HashedMemory } from './hashed-memory.js'
import type { StringHash } from './string-hash.js'

const MAX_SCTS = 16
const LOG_ID = 32
/** Octets of an id that decide on its place. */
const HASHED = 8
/** Version, log id, timestamp, length of the extensions. */
const HEAD = 1 + LOG_ID + 8 + 2
/** Most logs whose ids are cached as text; there are a few hundred logs. */
const REMEMBERED_LOGS = 1000
/** Epoch milliseconds of the year 10,000. */
const MAX_TIME = 253_402_300_800_000

interface LogName {
  readonly octets: Uint8Array
  readonly id: string
}

/** Logs and times of the SCTs in a certificate, from their bytes. */
export class EmbeddedLogs {
  /** Logs of the last list read, each once. */
  readonly ids: string[] = []
  /** Timestamp of the earliest SCT, epoch milliseconds; `Infinity` without SCTs. */
  earliest = Number.POSITIVE_INFINITY
  private readonly known = new HashedMemory<LogName>(REMEMBERED_LOGS)
  private readonly hash: StringHash
  private readonly element = new Element()

  /** @param hash - Depends on secret numbers, so that nobody can invent ids that share a place. */
  constructor(hash: StringHash) {
    this.hash = hash
  }

  /** `false` for a list that must be decoded in full. */
  read(bytes: Uint8Array, { start, end }: Place): boolean {
    this.ids.length = 0
    this.earliest = Number.POSITIVE_INFINITY
    if (start === 0) return true
    const { element } = this
    // extnValue OCTET STRING, of SignedCertificateTimestampList OCTET STRING
    if (!element.find(bytes, start, end, Tag.octetString) || element.stop !== end) return false
    if (!element.find(bytes, element.start, end, Tag.octetString) || element.stop !== end) return false
    // SerializedSCT sct_list <1..2^16-1>; opaque SerializedSCT<1..2^16-1>;
    let at = element.start + 2
    if (at > end || uint16(bytes, element.start) !== end - at) return false
    for (let count = 0; at < end; count++) {
      const stop = at + 2 + uint16(bytes, at)
      if (count === MAX_SCTS || stop > end || !this.readSct(bytes, at + 2, stop)) return false
      at = stop
    }
    return true
  }

  private readSct(bytes: Uint8Array, at: number, stop: number): boolean {
    if (at + HEAD > stop || bytes[at] !== 0) return false
    const signature = at + HEAD + uint16(bytes, at + HEAD - 2)
    // digitally-signed struct: two octets of algorithms, opaque signature<0..2^16-1>
    if (signature + 4 > stop || signature + 4 + uint16(bytes, signature + 2) !== stop) return false
    const time = uint64(bytes, at + 1 + LOG_ID)
    if (time > MAX_TIME) return false
    if (time < this.earliest) this.earliest = time
    const id = this.idAt(bytes, at + 1)
    if (!this.ids.includes(id)) this.ids.push(id)
    return true
  }

  private idAt(bytes: Uint8Array, at: number): string {
    const { high, low } = this.hash.ofBytes(bytes, at, at + HASHED)
    const known = this.known.get(high, low)
    if (known !== undefined && sameAt(known.octets, 0, bytes, at, LOG_ID)) return known.id
    const octets = bytes.slice(at, at + LOG_ID)
    const made = { octets, id: toBase64(octets) }
    // Invented ids may begin as another one does.
    return (known === undefined ? this.known.set(high, low, made) : made).id
  }
}

/** NaN past the end. */
function uint16(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) * 256 + (bytes[at + 1] as number)
}

function uint64(bytes: Uint8Array, at: number): number {
  return (
    (uint16(bytes, at) * 0x10000 + uint16(bytes, at + 2)) * 0x100000000 +
    (uint16(bytes, at + 4) * 0x10000 + uint16(bytes, at + 6))
  )
}
