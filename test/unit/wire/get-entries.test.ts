import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import type { EntryBatch } from '../../../src/types/entries.js'
import { parseExtraData } from '../../../src/wire/extra-data.js'
import { parseGetEntries } from '../../../src/wire/get-entries.js'
import { leafKind } from '../../../src/wire/merkle-leaf.js'
import { describeReal, realBytes, realJson, realText } from '../../real-data.js'
import { encodeExtraData, parseMerkleLeaf } from '../../support/wire.js'
import { base64, code, hex, precertSample, sha256Hex, toBase64, toHex, utf8, x509Sample } from './samples.js'

const x509 = { leaf_input: toBase64(x509Sample.leafInput), extra_data: toBase64(x509Sample.extraData) }
const precert = { leaf_input: toBase64(precertSample.leafInput), extra_data: toBase64(precertSample.extraData) }
const json = (value: unknown) => utf8(JSON.stringify(value))
const two = json({ entries: [x509, precert] })
const leafHash = (leaf: Uint8Array) => sha256Hex(Uint8Array.of(0), leaf)
const hashAt = (batch: EntryBatch, i: number) => toHex(batch.leafHashes().subarray(32 * i, 32 * i + 32))

describe('parseGetEntries', () => {
  it('reads leaves, hashes and extra data', () => {
    const batch = parseGetEntries(two.slice(), 1000, 2)
    expect([batch.start, batch.length]).toEqual([1000, 2])
    expect(toHex(batch.leafInput(0))).toBe(toHex(x509Sample.leafInput))
    expect(toHex(batch.leafInput(1))).toBe(toHex(precertSample.leafInput))
    expect([hashAt(batch, 0), hashAt(batch, 1)]).toEqual([x509Sample.leafHash, precertSample.leafHash])
    expect(batch.leafHashes().length).toBe(64)
    const [first, second] = [batch.entry(0), batch.entry(1)]
    expect([first.index, second.index]).toEqual([1000, 1001])
    expect(first.extra.preCertificate()).toBeUndefined()
    expect(second.extra.preCertificate()).toEqual(precertSample.preCertificate)
    expect(second.extra.chain()).toEqual({ kind: 'certificates', certificates: [x509Sample.issuer] })
    expect(batch.byteLength).toBe(two.length)
  })

  it('is left with some of its entries: copied, or most of them in the same memory', () => {
    const ten = () => {
      const released = vi.fn()
      return {
        released,
        batch: parseGetEntries(json({ entries: Array(5).fill([x509, precert]).flat() }), 7, 10, released),
      }
    }
    for (const isHashed of [false, true])
      for (let from = 0; from < 10; from++)
        for (let to = from + 1; to <= 10; to++) {
          const { batch, released } = ten()
          const { byteLength } = batch
          const hashes = toHex(ten().batch.leafHashes())
          if (isHashed) batch.leafHashes()
          const part = batch.only(from, to)
          expect([part.start, part.length, part.pageLength]).toEqual([7 + from, to - from, 10])
          expect(toHex(part.leafHashes())).toBe(hashes.slice(64 * from, 64 * to))
          expect(toHex(part.leafInput(part.length - 1))).toBe(toHex((to % 2 ? x509Sample : precertSample).leafInput))
          expect(part.entry(part.length - 1).index).toBe(6 + to)
          const isCopied = to - from <= 5
          expect(released).toHaveBeenCalledTimes(isCopied ? 1 : 0)
          if (isCopied) expect(part.byteLength).toBeLessThan(byteLength * 0.6)
          else expect(part.byteLength).toBe(byteLength)
          if (part !== batch) expect(code(() => batch.entry(0))).toBe('CT_CLOSED')
          part.release()
          batch.release()
          expect(released).toHaveBeenCalledTimes(1)
        }
  })

  it('gives entries that share no memory with the answer', () => {
    const body = two.slice()
    const batch = parseGetEntries(body, 0, 2)
    const entry = batch.entry(1)
    // Entries are copied out in small groups: keeping one keeps its neighbours at most, never the page.
    expect(entry.leafInput.buffer.byteLength).toBeLessThan(body.length)
    expect(entry.leafInput.buffer).not.toBe(body.buffer)
    body.fill(0)
    batch.leafInput(1).fill(0)
    expect(toHex(entry.leafInput)).toBe(toHex(precertSample.leafInput))
    expect(entry.extra.preCertificate()).toEqual(precertSample.preCertificate)
  })

  it('is not read after its memory was given back; entries and hashes stay', () => {
    let released = 0
    const batch = parseGetEntries(two.slice(), 1000, 2, () => released++)
    const [entry, hashes] = [batch.entry(1), batch.leafHashes().slice(0, 32)]
    batch.release()
    batch.release()
    expect(released).toBe(1)
    expect(code(() => batch.entry(0))).toBe('CT_CLOSED')
    expect(code(() => batch.only(0, 1))).toBe('CT_CLOSED')
    expect(toHex(batch.leafHashes().subarray(0, 32))).toBe(toHex(hashes))
    expect(toHex(entry.leafInput)).toBe(toHex(precertSample.leafInput))
  })

  it('gives the memory of an answer with more in it back, and not before', () => {
    let released = 0
    const more = utf8(JSON.stringify({ more: 1, entries: [x509, precert] }))
    const batch = parseGetEntries(more, 1000, 2, () => released++)
    expect(released).toBe(0)
    expect(toHex(batch.leafInput(1))).toBe(toHex(precertSample.leafInput))
    batch.release()
    expect(released).toBe(1)
  })

  it('tolerates JSON in every dress', () => {
    const slash = { leaf_input: toBase64(hex('00000000019b71b44c000000000003ffffff0000')), extra_data: '////' }
    const dressed = [
      JSON.stringify({ entries: [x509, precert] }, null, 2),
      JSON.stringify({ entries: [x509, precert] }, null, '\t').replaceAll('\n', '\r\n'),
      ` \n${JSON.stringify({ entries: [x509, precert] })}\n\n`,
      JSON.stringify({ entries: [x509, precert].map(({ leaf_input, extra_data }) => ({ extra_data, leaf_input })) }),
      JSON.stringify({ entries: [{ ...x509, index: 5, log: { url: ['"'] } }, precert], note: null }),
      JSON.stringify({ note: { entries: [] }, entries: [x509, precert] }),
      JSON.stringify({ entries: [x509, precert] }).replaceAll('A', '\\u0041'),
      JSON.stringify({ entries: [x509, precert] }).replace('entries', 'entr\\u0069es'),
    ]
    for (const text of dressed) {
      const batch = parseGetEntries(utf8(text), 0, 2)
      expect([hashAt(batch, 0), hashAt(batch, 1)]).toEqual([x509Sample.leafHash, precertSample.leafHash])
      expect(batch.entry(1).extra.preCertificate()).toEqual(precertSample.preCertificate)
    }
    const escaped = JSON.stringify({ entries: [slash] }).replaceAll('/', '\\/')
    expect(escaped).toContain('\\/')
    const batch = parseGetEntries(utf8(escaped), 0, 1)
    expect(toBase64(batch.leafInput(0))).toBe(slash.leaf_input)
    expect(code(() => batch.entry(0).extra.chain())).toBe('CT_LEAF_MALFORMED')
  })

  it('accepts lost extra data: empty, null or absent', () => {
    for (const extra_data of ['', null, undefined]) {
      const batch = parseGetEntries(json({ entries: [{ leaf_input: precert.leaf_input, extra_data }] }), 0, 1)
      expect(batch.entry(0).extra.preCertificate()).toBeUndefined()
      expect(batch.entry(0).extra.chain()).toEqual({ kind: 'certificates', certificates: [] })
    }
  })

  it('lets extra data that is not base64 fail when it is asked for, and alone', () => {
    const batch = parseGetEntries(json({ entries: [{ ...x509, extra_data: '!' }, precert] }), 0, 2)
    expect(code(() => batch.entry(0).extra.chain())).toBe('CT_LEAF_MALFORMED')
    expect(code(() => batch.entry(1).extra.chain())).toBe('no error')
  })

  it('hands on leaves of any content, empty and unknown ones too', () => {
    const batch = parseGetEntries(
      json({
        entries: [
          { leaf_input: '', extra_data: 'AAAA' },
          { leaf_input: 'AQ==', extra_data: 'AAAA' },
        ],
      }),
      0,
      2,
    ) // prettier-ignore
    expect([batch.leafInput(0).length, toHex(batch.leafInput(1))]).toEqual([0, '01'])
    expect([hashAt(batch, 0), hashAt(batch, 1)]).toEqual([leafHash(hex('')), leafHash(hex('01'))])
    expect(code(() => batch.entry(1).extra.chain())).toBe('CT_LEAF_MALFORMED')
  })

  it('refuses anything but an answer with a retryable error that quotes its beginning', () => {
    const bodies: [string, string][] = [
      ['', 'not JSON'],
      ['<!DOCTYPE html>\n<html><head><title>502 Bad Gateway</title>', '"<!DOCTYPE html>\\n<html>'],
      [JSON.stringify({ entries: [x509, precert] }).slice(0, -1), 'not JSON'],
      [JSON.stringify({ entries: [x509, precert] }).slice(0, 60), 'not JSON'],
      [`${JSON.stringify({ entries: [x509] })}x`, 'not JSON'],
      [`${JSON.stringify({ entries: [x509] })}\u0000`, 'not JSON'],
      ['{"entries":[{"leaf_input":"AA==","extra_data":"AA\\"}]}', 'not JSON'],
      ['null', 'not a JSON object'],
      ['[]', 'not a JSON object'],
      ['"entries"', 'not a JSON object'],
      ['{}', 'no array of entries'],
      ['{"entries":null}', 'no array of entries'],
      ['{"entries":{"0":1}}', 'no array of entries'],
      ['{"entries":[]}', 'no entries'],
      ['{"entries":[null]}', 'entry 40 has no leaf_input'],
      ['{"entries":["AA=="]}', 'entry 40 has no leaf_input'],
      ['{"entries":[{"extra_data":""}]}', 'entry 40 has no leaf_input'],
      ['{"entries":[{"leaf_input":"AA==","extra_data":7}]}', 'extra_data of entry 40'],
      [JSON.stringify({ entries: [x509, x509, x509] }), 'more than the 2 entries asked for'],
      [JSON.stringify({ entries: [x509, { ...x509, leaf_input: 'AA=' }] }), 'leaf_input of entry 41 is not base64'],
      [JSON.stringify({ entries: [x509, { ...x509, leaf_input: 'AA-_' }] }), 'leaf_input of entry 41 is not base64'],
      [JSON.stringify({ entries: [x509, { ...x509, leaf_input: 'A A=' }] }), 'leaf_input of entry 41 is not base64'],
      [
        JSON.stringify({ entries: [x509, { ...x509, leaf_input: 'AAA\u0141' }] }),
        'leaf_input of entry 41 is not base64',
      ],
    ]
    for (const [text, reason] of bodies) {
      try {
        parseGetEntries(utf8(text), 40, 2)
        expect.unreachable(text)
      } catch (error) {
        if (!CtStreamError.is(error)) throw error
        expect([error.code, error.retryable]).toEqual(['CT_RESPONSE_MALFORMED', true])
        expect(error.message).toContain(reason)
        expect(error.message.length).toBeLessThan(400)
      }
    }
  })

  it('refuses deep nesting and a million braces without a foreign error', () => {
    for (const text of [
      '['.repeat(1_000_000),
      `{"entries":${'['.repeat(100_000)}`,
      '{"a":'.repeat(100_000),
      `{"entries":[${'{},'.repeat(50_000)}`,
    ])
      expect(code(() => parseGetEntries(utf8(text), 0, 256))).toBe('CT_RESPONSE_MALFORMED')
  })
})

// What the answer says by JSON.parse alone: [leaf, extra] of each entry, or undefined.
const MAX = 4
function byJson(body: Uint8Array): [Uint8Array, string][] | 'not JSON' | 'refused' {
  let value: { entries?: unknown } | null
  try {
    value = JSON.parse(Buffer.from(body).toString('utf8'))
  } catch {
    return 'not JSON'
  }
  const entries = value?.entries
  if (Array.isArray(value) || !Array.isArray(entries) || entries.length < 1 || entries.length > MAX) return 'refused'
  const found: [Uint8Array, string][] = []
  for (const entry of entries as ({ leaf_input?: unknown; extra_data?: unknown } | null)[]) {
    const leaf = entry?.leaf_input
    const extra = entry?.extra_data ?? ''
    if (typeof leaf !== 'string' || typeof extra !== 'string' || !isBase64(leaf)) return 'refused'
    found.push([base64(leaf), extra])
  }
  return found
}
const isBase64 = (text: string) => Buffer.from(text, 'base64').toString('base64') === text

/** Everything a batch says, or the code it fails with. */
const chainOf = (leaf: Uint8Array, extra: string): string => {
  const kind = leafKind(leaf)
  if (!isBase64(extra) || kind === undefined) return 'CT_LEAF_MALFORMED'
  try {
    return JSON.stringify(parseExtraData(base64(extra), kind).certificates.map(toHex))
  } catch {
    return 'CT_LEAF_MALFORMED'
  }
}
const chainIn = (batch: EntryBatch, i: number): string => {
  try {
    const chain = batch.entry(i).extra.chain()
    return chain.kind === 'certificates' ? JSON.stringify(chain.certificates.map(toHex)) : chain.kind
  } catch (error) {
    return (error as CtStreamError).code
  }
}

function agrees(body: Uint8Array): void {
  const expected = byJson(body)
  let batch: EntryBatch
  try {
    batch = parseGetEntries(body, 0, MAX)
  } catch (error) {
    expect((error as CtStreamError).code).toBe('CT_RESPONSE_MALFORMED')
    expect(typeof expected).toBe('string')
    return
  }
  const chains = Array.from({ length: batch.length }, (_, i) => chainIn(batch, i))
  if (expected === 'not JSON') {
    // The one thing the scanner leaves to the reader of extra data.
    expect(chains).toContain('CT_LEAF_MALFORMED')
    return
  }
  if (expected === 'refused') throw new Error('accepted what JSON.parse makes no answer of')
  expect(batch.length).toBe(expected.length)
  expected.forEach(([leaf, extra], i) => {
    expect(toHex(batch.leafInput(i))).toBe(toHex(leaf))
    expect(hashAt(batch, i)).toBe(leafHash(leaf))
    expect(chains[i]).toBe(chainOf(leaf, extra))
  })
}

describe('the scanner and JSON.parse', () => {
  const blank = fc.constantFrom('', '', '', ' ', '\n  ', '\t', '\r\n')
  const leaf = fc.oneof(
    fc.constantFrom(x509.leaf_input, precert.leaf_input, '', 'AA==', '////'),
    fc.uint8Array({ maxLength: 40 }).map((bytes) => toBase64(bytes)),
  )
  const extra = fc.oneof(
    fc.constantFrom(x509.extra_data, precert.extra_data, '', '!', '////'),
    fc
      .array(fc.uint8Array({ minLength: 1, maxLength: 9 }), { maxLength: 2 })
      .map((certs) => toBase64(encodeExtraData(certs))),
  )
  const text = (value: string, slashes: boolean) =>
    slashes ? JSON.stringify(value).replaceAll('/', '\\/') : JSON.stringify(value)
  const entry = fc
    .tuple(
      leaf,
      extra,
      fc.boolean(),
      fc.boolean(),
      fc.constantFrom('', '', '', '"index":5', '"leaf_input":"AQ=="', '"x":"\\""'),
      blank,
      blank,
    )
    .map(([leaf, extra, slashes, leafFirst, more, a, b]) => {
      const fields = [`"leaf_input"${a}:${b}${text(leaf, slashes)}`, `"extra_data"${b}:${a}${text(extra, slashes)}`]
      if (!leafFirst) fields.reverse()
      if (more !== '') fields.push(more)
      return `${a}{${b}${fields.join(`${b},${a}`)}${a}}${b}`
    })
  const answer = fc
    .tuple(fc.array(entry, { maxLength: MAX + 1 }), blank, blank, fc.constantFrom('', '', '', ',"note":"x"'))
    .map(([entries, a, b, more]) => utf8(`${a}{${b}"entries"${a}:${b}[${entries.join(',')}]${a}${more}}${b}`))

  it('agree on valid JSON', () => {
    fc.assert(fc.property(answer, agrees), { numRuns: 1500 })
  })

  it('agree on JSON with bytes replaced, removed and inserted', () => {
    const character = fc.constantFrom(...'{}[]:,"\\/ A=eu0\n\u0000\u001f-_', '\u00e9')
    const mutation = fc.tuple(fc.nat(), fc.constantFrom('replace', 'remove', 'insert', 'cut'), character)
    fc.assert(
      fc.property(answer, fc.array(mutation, { minLength: 1, maxLength: 3 }), (body, mutations) => {
        let bytes = Buffer.from(body)
        for (const [at, how, character] of mutations) {
          const place = at % (bytes.length + 1)
          const rest = how === 'replace' || how === 'remove' ? place + 1 : how === 'insert' ? place : bytes.length
          const middle = how === 'replace' || how === 'insert' ? Buffer.from(character) : Buffer.alloc(0)
          bytes = Buffer.concat([bytes.subarray(0, place), middle, bytes.subarray(rest)])
        }
        agrees(new Uint8Array(bytes))
      }),
      { numRuns: 4000 },
    )
  })

  it('agree on any bytes and any JSON', () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 60 }), agrees))
    fc.assert(fc.property(fc.json(), (text) => agrees(utf8(text))))
  })
})

interface IndexRow {
  file: string
  i: number
  type: 'x509' | 'precert'
  timestamp: number
  leaf_hash: string
  cert_sha256: string
}

describeReal('real get-entries answers', () => {
  const rows = (): Map<string, IndexRow[]> => {
    const byFile = new Map<string, IndexRow[]>()
    for (const line of realText('INDEX-entries.jsonl').trimEnd().split('\n')) {
      const row = JSON.parse(line) as IndexRow
      if (!row.file.includes('/tile/')) byFile.set(row.file, [...(byFile.get(row.file) ?? []), row])
    }
    return byFile
  }
  /** Objects with a leaf_input, wherever a project keeps them in its file. */
  const findEntries = (value: unknown): unknown[] => {
    if (typeof value === 'string' && value.includes('leaf_input')) return findEntries(JSON.parse(value))
    if (typeof value !== 'object' || value === null) return []
    return 'leaf_input' in value ? [value] : Object.values(value).flatMap(findEntries)
  }

  it('give the leaf hashes, timestamps and certificates of INDEX-entries.jsonl', () => {
    let entries = 0
    let verbatim = 0
    for (const [file, expected] of rows()) {
      const body = new Uint8Array(realBytes(file))
      const isAnswer = !Array.isArray(realJson(file)) && Array.isArray(realJson<{ entries?: unknown }>(file).entries)
      const batch = parseGetEntries(isAnswer ? body : json({ entries: findEntries(realJson(file)) }), 0, 1000)
      if (isAnswer) verbatim++
      for (const row of expected) {
        expect([file, row.i, hashAt(batch, row.i)]).toEqual([file, row.i, row.leaf_hash])
        const { leafInput, extra } = batch.entry(row.i)
        const leaf = parseMerkleLeaf(leafInput)
        expect([leaf.timestamp, leaf.entry.kind]).toEqual([row.timestamp, row.type])
        const certificate = leaf.entry.kind === 'x509' ? leaf.entry.certificate : extra.preCertificate()
        expect(sha256Hex(certificate ?? hex(''))).toBe(row.cert_sha256)
        const chain = extra.chain()
        expect(chain.kind === 'certificates' && chain.certificates.length >= 1).toBe(true)
        entries++
      }
    }
    expect([entries, verbatim]).toEqual([2410 - 768, 63])
  })
})
