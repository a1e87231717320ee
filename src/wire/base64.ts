import { bufferOf, plain } from '../util/bytes.js'
import { BYTES_PER_TURN, type Steps } from '../util/turns.js'

/**
 * Decodes strict base64 (RFC 4648 section 4: standard alphabet, padded, canonical) into `out` at `at`: `fromBase64` for
 * the hot path, without memory of its own and without encoding the result again.
 *
 * `Buffer` decodes what it can and skips the rest in silence, so its answer is checked by length: every character it
 * skips makes the result shorter than the text promises. It also reads the URL alphabet, and that is looked for.
 *
 * @param text - Characters below U+0100 only.
 * @returns Where the decoded bytes end; `undefined` when `text` is not strict base64, and `out` then holds anything.
 */
export function decodeBase64Into(text: string, out: Uint8Array, at: number): number | undefined {
  const padding = text.endsWith('==') ? 2 : text.endsWith('=') ? 1 : 0
  const length = (text.length / 4) * 3 - padding
  if (text.length % 4 !== 0 || text.includes('-') || text.includes('_')) return undefined
  const buffer = bufferOf(out)
  if (buffer.write(text, at, length, 'base64') !== length) return undefined
  const end = at + length
  // A padded group has bits that are dropped; canonical text has them zero.
  return padding === 0 || buffer.toString('base64', end - (3 - padding), end) === text.slice(-4) ? end : undefined
}

/** Characters that are decoded together: whole groups of four, in strings that the garbage collector finds cheap. */
const PIECE = 64 * 1024

/**
 * As {@link decodeBase64Into}, of text of any length that stands in memory: piece by piece, with a pause after each, so that a
 * long one takes neither a long time in one piece nor a string of its size.
 *
 * @param out - May be `text` itself, when `at` is `from` or lies below.
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
    // Padding is for the end.
    end = piece.endsWith('=') ? undefined : decodeBase64Into(piece, out, end)
    if (end === undefined) return undefined
    if ((next - from) % BYTES_PER_TURN === 0) yield
  }
  return decodeBase64Into(text.toString('latin1', next, to), out, end)
}

/** Strict base64 that stands in memory, of any length; `undefined` for anything else. Pauses after every megabyte. */
export function* base64Steps(text: Buffer, from: number, to: number): Steps<Uint8Array | undefined> {
  const out = Buffer.allocUnsafeSlow(Math.ceil((to - from) / 4) * 3)
  const end = yield* decodeBase64Steps(text, from, to, out, 0)
  return end === undefined ? undefined : plain(out.subarray(0, end))
}
