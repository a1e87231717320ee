import { bufferOf } from '../util/bytes.js'

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
