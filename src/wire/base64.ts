import { plain } from '../util/bytes.js'
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
export function decodeBase64Into(text: string, out: Buffer, at: number): number | undefined {
  const { length } = text
  if (length % 4 !== 0 || text.includes('-') || text.includes('_')) return undefined
  const padding = text.charCodeAt(length - 1) !== PAD ? 0 : text.charCodeAt(length - 2) !== PAD ? 1 : 2
  // A padded group has bits that are dropped; in canonical text they are zero.
  if (padding > 0 && sextet(text.charCodeAt(length - 1 - padding)) % DROPPED[padding] !== 0) return undefined
  const decoded = (length / 4) * 3 - padding
  return out.write(text, at, decoded, 'base64') === decoded ? at + decoded : undefined
}

const PAD = 0x3d
/** By the padding: the last character before it counts multiples of this. */
const DROPPED = [1, 4, 16] as const

/** The value of a base64 character; any number for other characters, which are found when the whole is decoded. */
export function sextet(character: number): number {
  if (character >= 0x61) return character - 0x61 + 26
  if (character >= 0x41) return character - 0x41
  if (character >= 0x30) return character - 0x30 + 52
  return character === 0x2b ? 62 : 63
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
  out: Buffer,
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
