// Writes src/watchlist/data/confusables.ts: `node test/generate/confusables.mjs PATH/confusables-17.0.0.txt`, then `npx biome format --write`.
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const [file] = process.argv.slice(2)
const text = readFileSync(file, 'utf8')
const version = /^# Version: (\S+)/m.exec(text)[1]
const pairs = [...text.matchAll(/^([0-9A-F]+) ;\t([0-9A-F ]+) ;\tMA/gm)]
  .map(([, source, target]) => [
    Number.parseInt(source, 16),
    target.split(' ').map((point) => Number.parseInt(point, 16)),
  ])
  .sort(([a], [b]) => a - b)

// Sources as distances from the one before, runs of one target by its number: all in base 36, so that the file holds ASCII alone.
const targets = [...new Set(pairs.map(([, points]) => points.map((point) => point.toString(36)).join('+')))]
const numbers = new Map(targets.map((target, i) => [target, i]))
let last = 0
const sources = pairs.map(([source, points]) => {
  const number = numbers.get(points.map((point) => point.toString(36)).join('+'))
  const entry = `${(source - last).toString(36)}:${number.toString(36)}`
  last = source
  return entry
})
const lines = (entries) =>
  entries
    .join(' ')
    .match(/.{1,110}(?: |$)/g)
    .map((line) => `  '${line}'`)
    .join(' +\n')
writeFileSync(
  join(import.meta.dirname, '../../src/watchlist/data/confusables.ts'),
  `// Made by test/generate/confusables.mjs from confusables.txt of UTS 39, version ${version}; not edited by hand.
// © 2025 Unicode, Inc. Unicode and the Unicode Logo are registered trademarks of Unicode, Inc. in the U.S. and other countries.
// Used under the Unicode License v3 (https://www.unicode.org/license.txt): the data files are free to use, copy, modify and
// distribute with this notice, and come without warranty.

/** Targets: code points in base 36 joined by \`+\`. */
export const TARGETS =
${lines(targets)}

/** For each source in ascending order: distance from the one before, and number of its target; base 36. */
export const SOURCES =
${lines(sources)}
`,
)
console.log(`${pairs.length} sources, ${targets.length} targets`)
