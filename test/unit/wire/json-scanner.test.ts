import { afterEach, describe, expect, it, vi } from 'vitest'
import { BYTES_PER_TURN, type Steps } from '../../../src/util/turns.js'
import { getEntriesSteps } from '../../../src/wire/get-entries.js'
import { JsonScanner } from '../../../src/wire/json-scanner.js'
import { entryAndProofSteps, parseConsistencyAnswer } from '../../../src/wire/proof-answers.js'
import { parseGetSth } from '../../../src/wire/sth.js'
import { code, sha256Hex, toHex, utf8 } from './samples.js'

const SIZE = 4 * 1024 * 1024
const many = (text: string) => text.repeat(Math.ceil(SIZE / text.length))
const distinctKeys = () => Array.from({ length: SIZE / 16 }, (_, i) => `"${i}":0`).join()

/** Bodies of 4 MiB of which `JSON.parse` makes hundreds of megabytes; a log sends 64 MiB in a packet of 64 kB. */
const bombs: [string, () => string][] = [
  ['nested arrays', () => `{"x":${many('[')}`],
  ['nested objects', () => many('{"x":')],
  ['empty objects', () => `{"x":[${many('{},')}{}]}`],
  ['empty objects as entries', () => `{"entries":[${many('{},')}{}]}`],
  ['numbers', () => `{"x":[${many('1,')}1]}`],
  ['strings', () => `{"x":[${many('"",')}""]}`],
  ['one number', () => `{"x":1${many('0')}}`],
  ['distinct keys', () => `{${distinctKeys()}}`],
  ['one key again and again', () => `{${many('"entries":0,')}"x":0}`],
  ['white space', () => `{${many(' ')}"x":0}`],
  ['slashes that are escaped', () => `{"x":"${many('\\/')}"}`],
  ['quotes that are escaped', () => `{"x":"${many('\\"')}"}`],
  ['a proof of empty hashes', () => `{"audit_path":[${many('"",')}""],"consistency":[${many('"",')}""]}`],
]

const endpoints: [string, (body: Uint8Array) => Steps<unknown>][] = [
  ['get-entries', (body) => getEntriesSteps(body, 0, 256)],
  ['get-entry-and-proof', entryAndProofSteps],
  [
    'get-sth',
    // biome-ignore lint/correctness/useYield: small answers are read in one go
    function* (body) {
      return parseGetSth(body)
    },
  ],
  [
    'get-sth-consistency',
    // biome-ignore lint/correctness/useYield: small answers are read in one go
    function* (body) {
      return parseConsistencyAnswer(body)
    },
  ],
]

/** Runs to the end. */
function run<T>(steps: Steps<T>): { result: T; pauses: number } {
  for (let pauses = 0; ; pauses++) {
    const { done, value } = steps.next()
    if (done) return { result: value, pauses }
  }
}

afterEach(() => void vi.restoreAllMocks())

describe('a bomb', () => {
  it.each(bombs)('of %s is refused without an object made of it', (_, text) => {
    const parse = vi.spyOn(JSON, 'parse')
    const body = utf8(text())
    for (const [name, read] of endpoints)
      expect([name, code(() => run(read(body.slice())))]).toEqual([name, 'CT_RESPONSE_MALFORMED'])
    expect(parse).not.toHaveBeenCalled()
  })
})

describe('a long answer', () => {
  const leaf = Buffer.alloc(1.5 * BYTES_PER_TURN, 0xff)

  it('is read in turns, however it is written', () => {
    const written = `{"entries":[{"leaf_input":"${leaf.toString('base64')}","extra_data":""}]}`
    for (const slash of ['/', '\\/', '\\u002f']) {
      const text = written.replaceAll('/', slash)
      const { result, pauses } = run(getEntriesSteps(utf8(text), 5, 1))
      // Decoded, and hashed, a megabyte at a time.
      expect(pauses).toBeGreaterThanOrEqual(((4 / 3) * leaf.length + leaf.length) / BYTES_PER_TURN - 1)
      expect(toHex(result.leafHashes())).toBe(sha256Hex(Uint8Array.of(0), leaf))
      expect(Buffer.compare(result.leafInput(0), leaf)).toBe(0)
    }
  })

  it('is refused where its base64 is broken, wherever that is', () => {
    const base64 = Buffer.alloc(BYTES_PER_TURN * 1.5).toString('base64')
    for (const at of [0, BYTES_PER_TURN - 1, BYTES_PER_TURN, base64.length - 2])
      for (const character of ['!', '=', '-', '\\n']) {
        const broken = base64.slice(0, at) + character + base64.slice(at + 1)
        const body = utf8(`{"entries":[{"leaf_input":"${broken}","extra_data":""}]}`)
        expect(code(() => run(getEntriesSteps(body, 0, 1)))).toBe('CT_RESPONSE_MALFORMED')
      }
  })

  it('may have its escapes anywhere, also where two turns meet', () => {
    for (let shift = 0; shift < 8; shift++) {
      const padding = ' '.repeat(BYTES_PER_TURN - 40 - shift)
      const body = utf8(`${padding}{"entries":[{"leaf_input":"AA==","extra_data":"\\u002f\\/\\u0041\\/AAA="}]}`)
      const { result } = run(getEntriesSteps(body, 0))
      expect(code(() => result.entry(0).extra.chain())).toBe('CT_LEAF_MALFORMED')
      expect(result.length).toBe(1)
    }
  })
})

describe('escapes', () => {
  const texts = (text: string): string[] => {
    const { result: scanner } = run(JsonScanner.open(Buffer.from(text), 'test', 100))
    const found: string[] = []
    scanner.expect('[')
    do {
      if (!scanner.string()) throw new Error('no string')
      found.push(scanner.text.toString('latin1', scanner.from, scanner.to))
    } while (scanner.token(','))
    scanner.expect(']')
    scanner.finish()
    return found
  }

  it('are undone where base64 or a name may have the character, and else are a byte that neither has', () => {
    expect(
      texts('["a\\/b","\\u0041\\u002F\\u002b","\\"\\\\\\b\\f\\n\\r\\t","\\u0022\\u005c\\u0000\\u00e9\\ud83d"]'),
    ).toEqual(['a/b', 'A/+', 'ÿÿÿÿÿÿÿ', 'ÿÿÿÿÿ'])
  })

  it.each(['["\\x41"]', '["\\u004"]', '["\\u00g0"]', '["\\', '["a\\', '["\\"]', '\\["a"]', '["a"]\\'])(
    'refuse %s',
    (text) => {
      expect(code(() => texts(text))).toBe('CT_RESPONSE_MALFORMED')
    },
  )
})

describe('what nobody asked for', () => {
  const skip = (text: string, spare = 10_000) => {
    const { result: scanner } = run(JsonScanner.open(Buffer.from(text), 'test', spare))
    scanner.skip()
    scanner.finish()
  }

  it('is stepped over when JSON.parse takes it, and refused when not', () => {
    const good = '{"a":[1,-0.5e+3,true,false,null,"é\\u00e9",{},[],{"b":{"c":[[]]}}], "d" : "" }'
    expect(code(() => skip(good))).toBe('no error')
    for (let at = 0; at < good.length; at++)
      for (const text of [
        good.slice(0, at),
        good.slice(0, at) + good.slice(at + 1),
        `${good.slice(0, at)}\u0001${good.slice(at)}`,
      ]) {
        let isJson = true
        try {
          JSON.parse(text)
        } catch {
          isJson = false
        }
        expect([text, code(() => skip(text))]).toEqual([text, isJson ? 'no error' : 'CT_RESPONSE_MALFORMED'])
      }
  })

  it('may nest 32 deep', () => {
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    expect(code(() => skip(nested(33)))).toBe('no error')
    expect(code(() => skip(nested(34)))).toBe('CT_RESPONSE_MALFORMED')
  })

  it('may be as much as is spared for it', () => {
    expect(code(() => skip(`"${'x'.repeat(68)}"`, 100))).toBe('no error')
    expect(code(() => skip(`"${'x'.repeat(69)}"`, 100))).toBe('CT_RESPONSE_MALFORMED')
  })
})
