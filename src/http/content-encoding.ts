import { gunzip } from 'node:zlib'
import { CtStreamError } from '../errors.js'
import { plain } from '../util/bytes.js'
import { tooLargeError } from './http-errors.js'

/** What is asked for; a log may send gzip without being asked (static-ct-api), so what comes decides. */
export const ACCEPT_ENCODING = 'gzip, identity'

/**
 * Undoes the content encoding of a body.
 *
 * @param onBytes - Called with what the body may take packed and unpacked before it is unpacked, and with what it takes afterwards.
 * @throws {@link CtStreamError} `CT_RESPONSE_TOO_LARGE` when it unpacks to more than `maxBytes`, or to more than 64 times its
 * length and a megabyte; `CT_RESPONSE_MALFORMED` when it is not what its header says or the encoding is neither gzip nor identity.
 */
export async function decodeContent(
  url: string,
  encoding: string | undefined,
  body: Uint8Array,
  maxBytes: number,
  onBytes: (held: number) => void = () => {},
): Promise<Uint8Array> {
  const name = encoding?.trim().toLowerCase() ?? ''
  if (name === '' || name === 'identity') return body
  if (name === 'gzip' || name === 'x-gzip') return await unzip(url, body, maxBytes, onBytes)
  throw malformed(url, `content encoding ${JSON.stringify(name.slice(0, 40))} was not asked for`)
}

/**
 * How long a packed body may become. Real answers pack 7 to 1 at best; deflate does up to 1032 to 1, and that is nobody's but a
 * bomb's. Below a megabyte everything may be: there is nothing to gain by it.
 */
export function unpackedBound(packedLength: number, maxBytes: number): number {
  return Math.min(maxBytes, Math.max(ALWAYS_UNPACKED, packedLength * MAX_EXPANSION))
}

const MAX_EXPANSION = 64
const ALWAYS_UNPACKED = 1024 * 1024
/** A body that says it is shorter than this is unpacked up to it. */
const SMALL = 64 * 1024

/** First as long as the body says it is, and only what is longer than that as long as it may be: no more is held than was told. */
async function unzip(
  url: string,
  body: Uint8Array,
  maxBytes: number,
  onBytes: (held: number) => void,
): Promise<Uint8Array> {
  const bound = unpackedBound(body.length, maxBytes)
  const promised = Math.max(promisedLength(body), SMALL)
  for (const most of promised < bound ? [promised, bound] : [bound]) {
    onBytes(body.length + most)
    const unpacked = await unzipUpTo(url, body, most)
    if (unpacked === undefined) continue
    onBytes(unpacked.length)
    return unpacked
  }
  const what = bound === maxBytes ? 'the unpacked body' : `a body of ${body.length} bytes, unpacked,`
  throw tooLargeError(url, bound, what)
}

/** On the thread pool, which stops at the bound: what lies beyond it is never made. `undefined` when something does. */
function unzipUpTo(url: string, body: Uint8Array, most: number): Promise<Uint8Array | undefined> {
  return new Promise((resolve, reject) => {
    // One output buffer of the right size: no joining, and one trip to the thread pool instead of one per piece. Memory that is
    // never written to costs nothing.
    gunzip(body, { chunkSize: most + 1, maxOutputLength: most }, (error, result) => {
      if (error === null) resolve(plain(result))
      else if ((error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE') resolve(undefined)
      else reject(malformed(url, `gzip: ${error.message}`, error))
    })
  })
}

/** RFC 1952 ISIZE, a hint only; of several members joined, or of a lie, it is too small, and then of no use. */
function promisedLength(body: Uint8Array): number {
  if (body.length < 18) return 0
  const isize = new DataView(body.buffer, body.byteOffset, body.length).getUint32(body.length - 4, true)
  // Nothing that is honest gets much longer by being packed.
  return isize + 1024 < body.length / 2 ? Number.POSITIVE_INFINITY : isize
}

function malformed(url: string, what: string, cause?: unknown): CtStreamError {
  return new CtStreamError('CT_RESPONSE_MALFORMED', `[GET] "${url}" : ${what}`, { url, cause, retryable: true })
}
