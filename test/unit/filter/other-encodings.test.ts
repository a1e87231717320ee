import { X509Certificate } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { EntryFilter } from '../../../src/filter/entry-filter.js'
import { filterOption } from '../../../src/filter/filter-option.js'
import { contextPrimitive, octetString, oid, sequence, tlv } from '../../../src/testing/der-writer.js'
import { plain } from '../../../src/util/bytes.js'
import { Watchlist } from '../../../src/watchlist/watchlist.js'
import { encodeMerkleLeaf } from '../../../src/wire/merkle-leaf.js'
import { certificateOf, leafOf } from './made-leaf.js'

/** How BER may write an element. */
type Form = 'der' | 'long-length' | 'indefinite' | 'high-tag' | 'segments'

const noSan = sequence(sequence(oid('1.2.3'), octetString(tlv(5))))
const dnsName = (name: string) => contextPrimitive(2, Buffer.from(name))
const certificates = [
  { names: ['other.test', 'example.com'] },
  { commonNames: ['example.com'], extensions: noSan },
  { sanValue: sequence(contextPrimitive(1, Buffer.from('a@b.test')), dnsName('example.com')) },
].map((parts) => certificateOf(leafOf(parts)).der as Uint8Array)

/** The same value; `formOf` is asked for each element, those in the extnValue included. */
function rewritten(der: Uint8Array, formOf: () => Form): Buffer {
  const parts: Uint8Array[] = []
  for (let at = 0; at < der.length; ) {
    const first = der[at + 1] as number
    const start = first < 0x80 ? at + 2 : at + 2 + first - 0x80
    const octets = der.subarray(at + 2, start)
    const length = first < 0x80 ? first : octets.reduce((sum, octet) => sum * 256 + octet, 0)
    parts.push(rewrittenElement(der[at] as number, der.subarray(start, start + length), formOf))
    at = start + length
  }
  return Buffer.concat(parts)
}

function rewrittenElement(tag: number, value: Uint8Array, formOf: () => Form): Buffer {
  const form = formOf()
  const isOpened = (tag & 0x20) !== 0 || (tag === 0x04 && value[0] === 0x30)
  const content = isOpened ? rewritten(value, formOf) : Buffer.from(value)
  const isString = [0x04, 0x0c, 0x16, 0x82].includes(tag)
  if (form === 'segments' && isString) {
    const half = content.length >> 1
    const segment = tag === 0x82 ? 0x16 : tag
    return tlv(tag | 0x20, tlv(segment, content.subarray(0, half)), tlv(segment, content.subarray(half)))
  }
  const minimal = tlv(tag, content)
  if (form === 'high-tag') return Buffer.concat([Buffer.of(tag | 0x1f, tag & 0x1f), minimal.subarray(1)])
  if (form === 'indefinite' && (tag & 0x20) !== 0)
    return Buffer.concat([Buffer.of(tag, 0x80), content, Buffer.of(0, 0)])
  const { length } = content
  if (form === 'long-length') return Buffer.concat([Buffer.of(tag, 0x84, 0, 0, length >> 8, length & 0xff), content])
  return minimal
}

function isRead(der: Uint8Array): boolean {
  try {
    return new X509Certificate(der).checkHost('example.com') !== undefined
  } catch {
    return false
  }
}

describe('a certificate in another encoding of the same value', () => {
  const filter = filterOption('filter', { domains: ['example.com'] }) as EntryFilter
  const watchlist = Watchlist.of({ own: ['example.com'] })
  const others: Form[] = ['long-length', 'indefinite', 'high-tag', 'segments']

  it('is delivered and reported where OpenSSL reads the name in it', () => {
    let read = 0
    const changes = fc.array(fc.tuple(fc.nat(45), fc.constantFrom(...others)), { minLength: 1, maxLength: 3 })
    fc.assert(
      fc.property(fc.constantFrom(...certificates), changes, (der, changed) => {
        const forms = new Map(changed)
        let element = 0
        const certificate = rewritten(der, () => forms.get(element++) ?? 'der')
        if (!isRead(certificate)) return
        read++
        const leaf = plain(
          encodeMerkleLeaf({ timestamp: 0, extensions: new Uint8Array(), entry: { kind: 'x509', certificate } }),
        )
        const decoded = certificateOf(leaf)
        expect(filter.mayMatch(leaf)).toBe(true)
        expect(filter.matches(decoded)).toBe(true)
        expect(watchlist.concerns(decoded)).not.toEqual([])
      }),
      { numRuns: 3000 },
    )
    expect(read).toBeGreaterThan(500)
    expect(isRead(certificateOf(leafOf({ names: ['other.test'] })).der as Uint8Array)).toBe(false)
  })
})
