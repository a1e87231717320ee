import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { Skeletons } from '../../../src/watchlist/skeleton.js'

const skeletons = new Skeletons()
const generated = readFileSync(join(import.meta.dirname, '../../../src/watchlist/data/confusables.ts'), 'utf8')
const version = /confusables\.txt of UTS 39, version ([0-9.]+);/.exec(generated)?.[1]
const file = join(import.meta.dirname, '../../../../shared/reference/unicode', `confusables-${version}.txt`)

describe('Skeletons', () => {
  it.each([
    ['paypal', 'paypal'],
    ['p\u0430yp\u0430l', 'paypal'],
    ['\u0430\u0440\u0440\u04cf\u0435', 'apple'],
    ['ra\u0165', 'rat\u0306'],
    ['1', 'l'],
    ['m', 'rn'],
    ['a\u200bb', 'ab'],
    ['\u00c5', 'A\u030a'],
  ])('of %j is %j', (text, expected) => {
    expect(skeletons.of(text)).toBe(expected)
  })

  it.runIf(existsSync(file))('have the table of the Unicode Consortium, entry by entry', () => {
    const entries = [...readFileSync(file, 'utf8').matchAll(/^([0-9A-F]+) ;\t([0-9A-F ]+) ;\tMA/gm)]
    expect(entries.length).toBeGreaterThan(6000)
    expect(skeletons.table.size).toBe(entries.length)
    const point = (hex: string) => String.fromCodePoint(Number.parseInt(hex, 16))
    const wrong = entries.filter(
      ([, source = '', target = '']) =>
        skeletons.table.get(Number.parseInt(source, 16)) !== target.split(' ').map(point).join(''),
    )
    expect(wrong).toEqual([])
  })

  it.skipIf(existsSync(file))('needs confusables.txt, which is not beside this checkout', () => {})
})
