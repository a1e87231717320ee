import { bufferOf, plain } from '../util/bytes.js'
import { BYTES_PER_TURN, type Steps } from '../util/turns.js'

/**
 * Decodes strict base64 (RFC 4648 section 4: standard alphabet, padded, canonical) into `out` at `at`: `fromBase64` for
 * the hot path, which allocates no memory and does not encode the result again.
 *
 * `Buffer` silently skips characters it cannot decode, so the result is checked by its length: each skipped character makes it
 * shorter than the text implies. `Buffer` also accepts the URL alphabet, so its characters are searched for.
 *
 * @param text - Characters below U+0100 only.
 * @returns Where the decoded bytes end; `undefined` when `text` is not strict base64: the content of `out` is then undefined, too.
 */
export function decodeBase64Into(text: string, out: Uint8Array, at: number): number | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const length = (text.length / 4) * 3 - padding
  if (text.length % 4 !== 0 || text.includes('-') || text.includes('_')) return undefined
  const buffer = bufferOf(out)
  if (buffer.write(text, at, length, 'base64') !== length) return undefined
  const end = at + length
  // A padded group has bits that are dropped; in canonical text they are zero.
  return padding === 0 || buffer.toString('base64', end - (3 - padding), end) === text.slice(-4) ? end : undefined
}

/** Characters to decode in one piece: whole groups of four, in strings short enough to be cheap for the garbage collector. */
const PIECE = 64 * 1024

/**
 * Like {@link decodeBase64Into}, for text of any length in a byte array. Works piece by piece with a pause after each, so that a long
 * text neither blocks the event loop nor becomes one long string.
 *
 * @param out - May be `text` itself, if `at <= from`.
 */
export function* decodeBase64Steps(
  text: Buffer,
  from: number,
  to: number,
  out: Uint8Array,
  at: number,
): Steps<number | undefined> {
  let end: number | undefined = at
  let next = from
  for (; to - next > PIECE; next += PIECE) {
    const piece = text.toString('latin1', next, next + PIECE)
    // Only the last piece may be padded.
    end = piece.endsWith('=') ? undefined : decodeBase64Into(piece, out, end)
    if (end === undefined) return undefined
    if ((next - from) % BYTES_PER_TURN === 0) yield
  }
  return decodeBase64Into(text.toString('latin1', next, to), out, end)
}

/** Decodes strict base64 of any length from a byte array; `undefined` for anything else. Pauses after every megabyte. */
export function* base64Steps(text: Buffer, from: number, to: number): Steps<Uint8Array | undefined> {
  const out = Buffer.allocUnsafeSlow(Math.ceil((to - from) / 4) * 3)
  const end = yield* decodeBase64Steps(text, from, to, out, 0)
  return end === undefined ? undefined : plain(out.subarray(0, end))
}
