import { promisify } from 'node:util'
import { deflateRaw, inflateRaw } from 'node:zlib'
import type { CtErrorCode } from '../errors.js'
import type { LogInfo } from '../types/log.js'
import { bufferOf } from '../util/bytes.js'
import { Issuer } from './issuer.js'
import type { ServedEntry } from './served-entry.js'

const compress = promisify(deflateRaw)
const decompress = promisify(inflateRaw)

/** Larger than any page: bytes that claim more are refused before unpacking. */
const MAX_PAGE_BYTES = 512 * 1024 * 1024

/** The header of a page. Its lengths describe the bytes that follow: the issuers, then leaf and submission of each entry. */
interface Header {
  readonly log: LogInfo
  /** Each issuer once: most entries of a page share a few. */
  readonly issuers: readonly number[]
  readonly entries: readonly {
    readonly index: number
    readonly historical: boolean
    readonly verified: boolean
    readonly accusedOf?: CtErrorCode
    readonly seenAt?: number
    readonly leaf: number
    readonly submitted?: number
    /** Indexes into {@link Header.issuers}. */
    readonly chain?: readonly number[]
  }[]
}

/** Entries of one log, at least one, compressed together. */
export async function packPage(entries: readonly ServedEntry[]): Promise<Buffer> {
  const parts: Uint8Array[] = []
  const places = new Map<Issuer | string, number>()
  const issuers: Uint8Array[] = []
  const placeOf = (issuer: Issuer) => {
    const known = places.get(issuer) ?? places.get(latin1(issuer.der))
    if (known !== undefined) return known
    places.set(issuer, issuers.length).set(latin1(issuer.der), issuers.length)
    return issuers.push(issuer.der) - 1
  }
  const described = entries.map(({ log: _, leafInput, submitted, issuers, accusedOf, seenAt, ...entry }) => {
    parts.push(leafInput)
    if (submitted !== undefined) parts.push(submitted)
    return {
      ...entry,
      leaf: leafInput.length,
      ...(accusedOf !== undefined && { accusedOf }),
      ...(seenAt !== undefined && { seenAt }),
      ...(submitted !== undefined && { submitted: submitted.length }),
      ...(issuers !== undefined && { chain: issuers.map(placeOf) }),
    }
  })
  const header: Header = {
    log: (entries[0] as ServedEntry).log,
    issuers: issuers.map(({ length }) => length),
    entries: described,
  }
  const text = Buffer.from(JSON.stringify(header))
  const length = Buffer.alloc(4)
  length.writeUInt32BE(text.length)
  return compress(Buffer.concat([length, text, ...issuers, ...parts]), { level: 1 })
}

/** @throws Error when the bytes are not those of a page. */
export async function unpackPage(packed: Uint8Array): Promise<ServedEntry[]> {
  const bytes = await decompress(packed, { maxOutputLength: MAX_PAGE_BYTES })
  let offset = 4 + bytes.readUInt32BE(0)
  const take = (length: number): Uint8Array => {
    if (offset + length > bytes.length) throw new RangeError('a page of entries is cut short')
    offset += length
    // A copy, so that a retained entry does not keep the whole page in memory.
    return new Uint8Array(bytes.subarray(offset - length, offset))
  }
  const { log, issuers, entries } = JSON.parse(bytes.toString('utf8', 4, offset)) as Header
  const certificates = issuers.map((length) => new Issuer(take(length)))
  return entries.map(({ leaf, submitted, chain, accusedOf, seenAt, ...entry }) => ({
    ...entry,
    log,
    accusedOf,
    seenAt,
    leafInput: take(leaf),
    submitted: submitted === undefined ? undefined : take(submitted),
    issuers: chain?.map((place) => certificates[place] as Issuer),
  }))
}

function latin1(bytes: Uint8Array): string {
  return bufferOf(bytes).toString('latin1')
}
