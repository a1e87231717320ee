import { gunzip } from 'node:zlib'
import { CtStreamError } from '../errors.js'
import { plain } from '../util/bytes.js'
import { tooLargeError } from './http-errors.js'

/** What is asked for; a log may send gzip without being asked (static-ct-api), so what comes decides. */
export const ACCEPT_ENCODING = 'gzip, identity'

/**
 * Undoes the content encoding of a body.
 *
 * @throws {@link CtStreamError} `CT_RESPONSE_TOO_LARGE` when it unpacks to more than `maxBytes`, `CT_RESPONSE_MALFORMED`
 * when it is not what its header says or the encoding is neither gzip nor identity.
 */
export async function decodeContent(
  url: string,
  encoding: string | undefined,
  body: Uint8Array,
  maxBytes: number,
): Promise<Uint8Array> {
  const name = encoding?.trim().toLowerCase() ?? ''
  if (name === '' || name === 'identity') return body
  if (name === 'gzip' || name === 'x-gzip') return await unzip(url, body, maxBytes)
  throw malformed(url, `content encoding ${JSON.stringify(name.slice(0, 40))} was not asked for`)
}

function unzip(url: string, body: Uint8Array, maxBytes: number): Promise<Uint8Array> {
  return new Promise((resolve, reject) => {
    // One output buffer of the right size: no joining, and one trip to the thread pool instead of one per 16 KiB.
    const chunkSize = Math.max(64, Math.min(expectedLength(body), maxBytes) + 1)
    gunzip(body, { chunkSize, maxOutputLength: maxBytes }, (error, result) => {
      if (error === null) return resolve(plain(result))
      const tooLarge = (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE'
      reject(
        tooLarge ? tooLargeError(url, maxBytes, 'the unpacked body') : malformed(url, `gzip: ${error.message}`, error),
      )
    })
  })
}

/** RFC 1952 ISIZE as a hint only: deflate packs at most 1032 to 1, so a short body cannot ask for much memory. */
function expectedLength(body: Uint8Array): number {
  if (body.length < 18) return 0
  const isize = new DataView(body.buffer, body.byteOffset, body.length).getUint32(body.length - 4, true)
  return isize <= Math.min(body.length * 1032, 8 * 1024 * 1024) ? isize : 64 * 1024
}

function malformed(url: string, what: string, cause?: unknown): CtStreamError {
  return new CtStreamError('CT_RESPONSE_MALFORMED', `[GET] "${url}" : ${what}`, { url, cause, retryable: true })
}
