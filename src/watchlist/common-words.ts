import { brotliDecompressSync } from 'node:zlib'
import { WORDS } from './data/words.js'

/** Words of the net that the list is too old for. */
const NEWER =
  'online offline website webmail email blog login cloud app apps startup podcast smartphone ebook ecommerce wifi'

/** Common English words of 3 to 12 letters, without most inflected forms. Unpacking them takes some milliseconds. */
export function commonWords(): Set<string> {
  let last = ''
  const unpacked = brotliDecompressSync(Buffer.from(WORDS, 'base64')).toString('latin1')
  const words = unpacked.split(' ').map((coded) => {
    last = last.slice(0, Number.parseInt(coded.charAt(0), 36)) + coded.slice(1)
    return last
  })
  return new Set([...words, ...NEWER.split(' ')])
}
