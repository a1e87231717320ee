import { CtStreamError } from '../errors.js'
import type { BufferPool } from '../util/buffer-pool.js'
import { gunzipUpTo, type Unpacked } from './gunzip.js'
import { tooLargeError } from './http-errors.js'

/** Value of `Accept-Encoding`. A log may send gzip without being asked (static-ct-api), so the answer's own header decides. */
export const ACCEPT_ENCODING = 'gzip, identity'

/**
 * Undoes the content encoding of a body.
 *
 * @param pool - Supplies memory for the unpacked body.
 * @param onBytes - Called before unpacking with the most bytes that the packed and the unpacked body can take together, and afterwards
 * with the bytes that are in use.
 * @throws {@link CtStreamError} `CT_RESPONSE_TOO_LARGE` when it unpacks to more than `maxBytes`, or to more than 64 times its
 * length and a megabyte; `CT_RESPONSE_MALFORMED` when it is not what its header says or the encoding is neither gzip nor identity.
 */
export async function decodeContent(
  url: string,
  encoding: string | undefined,
  body: Uint8Array,
  maxBytes: number,
  pool: BufferPool,
  onBytes: (held: number) => void = () => {},
): Promise<Unpacked> {
  const name = encoding?.trim().toLowerCase() ?? ''
  if (name === '' || name === 'identity') return { bytes: body }
  if (name === 'gzip' || name === 'x-gzip') return await unzip(url, body, maxBytes, pool, onBytes)
  throw malformed(url, `content encoding ${JSON.stringify(name.slice(0, 40))} was not asked for`)
}

/**
 * How long a packed body may become. Real answers are packed 7 to 1 at best; deflate reaches 1032 to 1, which only a bomb does.
 * Up to a megabyte any ratio is allowed: nothing can be gained by it.
 */
export function unpackedBound(packedLength: number, maxBytes: number): number {
  return Math.min(maxBytes, Math.max(ALWAYS_UNPACKED, packedLength * MAX_EXPANSION))
}

const MAX_EXPANSION = 64
const ALWAYS_UNPACKED = 1024 * 1024
/** A body that declares a shorter length than this is unpacked up to this length. */
const SMALL = 64 * 1024

/** Tries the length that the body declares first, and the bound only where that is too short: no more memory is held than was reserved. */
async function unzip(
  url: string,
  body: Uint8Array,
  maxBytes: number,
  pool: BufferPool,
  onBytes: (held: number) => void,
): Promise<Unpacked> {
  const bound = unpackedBound(body.length, maxBytes)
  const promised = Math.max(promisedLength(body), SMALL)
  for (const most of promised < bound ? [promised, bound] : [bound]) {
    onBytes(body.length + most)
    const unpacked = await gunzipUpTo(body, most, pool).catch((error: Error) => {
      throw malformed(url, `gzip: ${error.message}`, error)
    })
    if (unpacked === undefined) continue
    onBytes(unpacked.bytes.length)
    return unpacked
  }
  const what = bound === maxBytes ? 'the unpacked body' : `a body of ${body.length} bytes, unpacked,`
  throw tooLargeError(url, bound, what)
}

/** RFC 1952 ISIZE, only a hint: too small for a body of several gzip members, or in a lie. */
function promisedLength(body: Uint8Array): number {
  if (body.length < 18) return 0
  const isize = new DataView(body.buffer, body.byteOffset, body.length).getUint32(body.length - 4, true)
  // Packing never makes an honest body much longer.
  return isize + 1024 < body.length / 2 ? Number.POSITIVE_INFINITY : isize
}

function malformed(url: string, what: string, cause?: unknown): CtStreamError {
  return new CtStreamError('CT_RESPONSE_MALFORMED', `[GET] "${url}" : ${what}`, { url, cause, retryable: true })
}
