import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { decodeEntry } from '../../../src/decode/decode-entry.js'
import { CtStreamError } from '../../../src/errors.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { Rfc6962Extra } from '../../../src/wire/extra-data.js'
import { leafKind } from '../../../src/wire/merkle-leaf.js'
import { describeReal, hasRealData } from '../../real-data.js'
import { dnsNamesOfLeaf } from '../../support/leaf-names.js'
import {
  buildCertificate,
  buildTbs,
  dnsName,
  extension,
  poison,
  sctList,
  sequence,
  subjectAltName,
  tlv,
} from '../x509/build.js'
import { context, rawOf } from './entries.js'
import { realEntries } from './real-entries.js'

/** Reads everything there is to read. Anything thrown that is not ours fails the test by itself. */
async function readAll(cert: CtCertificate): Promise<void> {
  expect(['certificate', 'precertificate', 'unparsable']).toContain(cert.kind)
  const json = cert.toJSON()
  expect(JSON.stringify(json)).toBeTypeOf('string')
  for (const date of [cert.timestamp, cert.notBefore, cert.notAfter])
    if (date !== undefined) expect(Number.isNaN(date.getTime())).toBe(false)
  for (const name of cert.dnsNames) expect(name).toMatch(/^[\x21-\x7e]+$/)
  expect(new Set(cert.dnsNames).size).toBe(cert.dnsNames.length)
  if (cert.kind === 'unparsable') expect(cert.problems.length).toBeGreaterThan(0)
  cert.toCertStream('full')
  cert.toCertStream('lite')
  for (const mayFail of [async () => void cert.x509(), () => cert.chain()])
    await mayFail().catch((error: unknown) => {
      if (!CtStreamError.is(error)) throw error
    })
  await cert.verifyScts({})
}

/** Where in an input, 0 to 1. Not `fc.double`, half of whose values are next to zero. */
const place = fc.nat(99_999).map((n) => n / 100_000)

/** Some octets replaced, some cut out, some put in. */
const damage = fc.array(
  fc.record({
    at: place,
    octets: fc.oneof(
      fc.uint8Array({ maxLength: 4 }),
      fc.constantFrom(
        ...[[0x80], [0x84, 0xff, 0xff, 0xff, 0xff], [0], [0xff], [0x30, 0x80], [0xff, 0xff], [0x1f]].map((o) =>
          Uint8Array.from(o),
        ),
      ),
    ),
    kind: fc.constantFrom('replace', 'replace', 'replace', 'insert', 'remove'),
  }),
  { minLength: 1, maxLength: 6 },
)
type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never

function damaged(input: Uint8Array, changes: Damage): Uint8Array {
  let bytes = Buffer.from(input)
  for (const { at, octets, kind } of changes) {
    const offset = Math.floor(at * bytes.length)
    const kept = kind === 'insert' ? offset : Math.min(bytes.length, offset + octets.length)
    bytes = Buffer.concat([
      bytes.subarray(0, offset),
      kind === 'remove' ? Buffer.alloc(0) : octets,
      bytes.subarray(kept),
    ])
  }
  return new Uint8Array(bytes)
}

async function survives(leafInput: Uint8Array, extraBase64: string): Promise<void> {
  const raw = { index: 3, leafInput, extra: new Rfc6962Extra(extraBase64, leafKind(leafInput)) }
  const cert = decodeEntry(raw, context)
  await readAll(cert)
  expect(cert.leafInput).toBe(leafInput)
  expect(dnsNamesOfLeaf(leafInput) ?? []).toEqual(cert.dnsNames)
  expect(dnsNamesOfLeaf(leafInput) === undefined).toBe(cert.kind === 'unparsable')
}

describe('damaged entries', () => {
  const certificate = buildCertificate({
    extensions: [
      subjectAltName(dnsName('www.example.com'), tlv(0x87, Uint8Array.of(1, 2, 3, 4)), tlv(0xa4, sequence())),
      extension('2.5.29.32', sequence(sequence(tlv(0x06, Uint8Array.of(42, 3))))),
      sctList(Uint8Array.of(0, 3, 0, 1, 0)),
      poison(),
    ],
  })

  it('of generated certificates are delivered, whatever is in them', async () => {
    const property = fc.asyncProperty(damage, fc.boolean(), async (changes, isPrecert) => {
      const broken = damaged(isPrecert ? buildTbs() : certificate, changes)
      if (broken.length === 0) return
      const raw = isPrecert
        ? rawOf({ kind: 'precert', issuerKeyHash: new Uint8Array(32), tbsCertificate: broken })
        : rawOf({ kind: 'x509', certificate: broken })
      await survives(raw.leafInput, Buffer.from(broken).toString('base64'))
    })
    await fc.assert(property, { numRuns: 800 })
  })

  it('whose leaf is damaged as well are delivered', async () => {
    const { leafInput } = rawOf({ kind: 'x509', certificate })
    await fc.assert(
      fc.asyncProperty(damage, (changes) => survives(damaged(leafInput, changes), '')),
      { numRuns: 300 },
    )
  })

  it('of nothing but noise are delivered', async () => {
    await fc.assert(
      fc.asyncProperty(fc.uint8Array({ maxLength: 100 }), (noise) => survives(noise, 'AAAA')),
      { numRuns: 300 },
    )
  })
})

describeReal('damaged real entries', () => {
  const leaves = hasRealData ? realEntries().filter((_, i) => i % 12 === 0) : []

  it('are delivered', async () => {
    const entry = fc.nat(leaves.length - 1).map((i) => leaves[i]?.raw.leafInput ?? new Uint8Array())
    const property = fc.asyncProperty(entry, damage, (leafInput, changes) => survives(damaged(leafInput, changes), ''))
    await fc.assert(property, { numRuns: 800 })
  })

  it('with their certificate intact but one octet of its content keep all other fields', async () => {
    const entry = fc.nat(leaves.length - 1).map((i) => leaves[i]?.raw.leafInput ?? new Uint8Array())
    const property = fc.asyncProperty(entry, place, fc.nat(255), async (leafInput, at, octet) => {
      const copy = new Uint8Array(leafInput)
      copy[47 + Math.floor(at * (copy.length - 50))] = octet
      await survives(copy, '')
    })
    await fc.assert(property, { numRuns: 500 })
  })
})
