// Writes src/watchlist/data/words.ts: `node test/generate/words.mjs /usr/share/dict/american-english-small` (Debian's wamerican-small).
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { brotliCompressSync, constants } from 'node:zlib'

const [file] = process.argv.slice(2)
const all = new Set(
  readFileSync(file, 'utf8')
    .split('\n')
    .filter((word) => /^[a-z]{3,12}$/.test(word)),
)
/** Inflected forms are left out where the word they come from is there. */
const stems = (word) =>
  [
    [/s$/, ''],
    [/ed$/, ''],
    [/ed$/, 'e'],
    [/ing$/, ''],
    [/ing$/, 'e'],
    [/ly$/, ''],
    [/ness$/, ''],
  ]
    .filter(([ending]) => ending.test(word))
    .map(([ending, instead]) => word.replace(ending, instead))
const words = [...all].filter((word) => !stems(word).some((stem) => all.has(stem))).sort()

// Each as the number of letters it shares with the one before, in base 36, and the rest.
let last = ''
const coded = words.map((word) => {
  let shared = 0
  while (shared < last.length && last[shared] === word[shared]) shared++
  last = word
  return shared.toString(36) + word.slice(shared)
})
const packed = brotliCompressSync(coded.join(' '), { params: { [constants.BROTLI_PARAM_QUALITY]: 11 } }).toString(
  'base64',
)
writeFileSync(
  join(import.meta.dirname, '../../src/watchlist/data/words.ts'),
  `// Made by test/generate/words.mjs from the list «american-english-small» of SCOWL; not edited by hand.
// Copyright 2000-2011 by Kevin Atkinson. Permission to use, copy, modify, distribute and sell these word lists, the associated scripts,
// the output created from the scripts, and its documentation for any purpose is hereby granted without fee, provided that the above
// copyright notice appears in all copies and that both that copyright notice and this permission notice appear in supporting
// documentation. Kevin Atkinson makes no representations about the suitability of this array for any purpose. It is provided "as is"
// without express or implied warranty.

/** ${words.length} common English words, front-coded, Brotli, base64. */
export const WORDS =
${packed
  .match(/.{1,120}/g)
  .map((line) => `  '${line}'`)
  .join(' +\n')}
`,
)
console.log(`${words.length} words`)
