/** Octets that decide on a place: all of short keys, of longer ones as many spread over them. */
const SAMPLES = 64
/** … and fewer of chains: each is another cache line, and chains of two issuers differ nearly everywhere. */
const SAMPLES_OF_LONG = 12
const LONG = 1024

interface Place<T> {
  readonly bytes: Uint8Array
  readonly value: T
}

/**
 * Remembers what was made of bytes, for bytes that repeat: certificates of one issuer share its name, its chain and most extensions.
 *
 * Each key has one place, and the newest takes it: nobody can make it grow, and keys that are made to share a place only cost what
 * they would without a memory. Keys are compared byte by byte.
 */
export class ByteMemory<T> {
  private readonly places: (Place<T> | undefined)[]
  private readonly mask: number
  private readonly maxBytes: number

  /**
   * @param bits - Two to the power of this is the number of places.
   * @param maxBytes - Longest key that is remembered.
   */
  constructor(bits: number, maxBytes: number) {
    this.places = new Array(2 ** bits).fill(undefined)
    this.mask = 2 ** bits - 1
    this.maxBytes = maxBytes
  }

  /** What was kept for the bytes `start` to `end`; `undefined` when it is not there any more. */
  find(bytes: Uint8Array, start = 0, end = bytes.length): T | undefined {
    if (end - start > this.maxBytes) return undefined
    const place = this.places[this.placeOf(bytes, start, end)]
    return place !== undefined && isSame(place.bytes, bytes, start, end) ? place.value : undefined
  }

  /** Copies the bytes; shares the value, which must not change any more. */
  keep(value: T, bytes: Uint8Array, start = 0, end = bytes.length): void {
    if (end - start > this.maxBytes) return
    // A copy, since the bytes may be a view that would keep a whole page in memory.
    this.places[this.placeOf(bytes, start, end)] = { bytes: new Uint8Array(bytes.subarray(start, end)), value }
  }

  /** FNV-1a over the samples. */
  private placeOf(bytes: Uint8Array, start: number, end: number): number {
    const step = Math.ceil((end - start) / (end - start > LONG ? SAMPLES_OF_LONG : SAMPLES)) || 1
    let hash = (end - start) ^ 0x811c9dc5
    for (let at = end - 1; at >= start; at -= step) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193)
    return (hash ^ (hash >>> 15)) & this.mask
  }
}

function isSame(known: Uint8Array, bytes: Uint8Array, start: number, end: number): boolean {
  if (known.length !== end - start) return false
  if (known.length > 96) return Buffer.compare(known, bytes.subarray(start, end)) === 0
  for (let i = 0; i < known.length; i++) if (known[i] !== bytes[start + i]) return false
  return true
}
