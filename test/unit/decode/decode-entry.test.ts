import { createHash } from 'node:crypto'
import { inspect } from 'node:util'
import { describe, expect, it } from 'vitest'
import { decodeEntry } from '../../../src/decode/decode-entry.js'
import type { EntryContext } from '../../../src/decode/entry-context.js'
import { CtStreamError } from '../../../src/errors.js'
import type { EntryExtra, RawEntry } from '../../../src/types/entries.js'
import { sha256 } from '../../../src/util/hash.js'
import { encodeMerkleLeaf } from '../../../src/wire/merkle-leaf.js'
import { dnsNamesOfLeaf } from '../../support/leaf-names.js'
import { encodeLeafIndex } from '../../support/wire.js'
import {
  buildCertificate,
  buildTbs,
  bytes,
  commonName,
  dnsName,
  extension,
  fromHex,
  name,
  octets,
  oid,
  p256Key,
  poison,
  sequence,
  subjectAltName,
  tlv,
} from '../x509/build.js'
import { certificateEntry, context, extraOf, precertEntry, problemsOf, rawOf, TIMESTAMP } from './entries.js'
import { hex } from './real-entries.js'

const ca = buildCertificate({ subject: name(commonName('Test CA')), extensions: [] })
const certificate = buildCertificate()
const root = ca
const precertificate = buildCertificate({ extensions: [poison(), subjectAltName(dnsName('www.example.com'))] })

/** Changes all that can be changed of a value. */
function spoil(value: unknown): void {
  if (typeof value !== 'object' || value === null) return
  for (const inner of Object.values(value)) spoil(inner)
  if (Array.isArray(value)) value.push('spoilt')
  else for (const key of Object.keys(value)) Object.assign(value, { [key]: 'spoilt' })
}

describe('an entry', () => {
  it('says where it is from', () => {
    const raw = rawOf({ kind: 'x509', certificate })
    const cert = decodeEntry(raw, { ...context, historical: true })
    expect(cert.log).toBe(context.log)
    expect(cert.index).toBe(7)
    expect(cert.timestamp).toEqual(new Date(TIMESTAMP))
    expect(cert.historical).toBe(true)
    expect(cert.cursor).toBe('after 7')
    expect(cert.leafInput).toBe(raw.leafInput)
    expect(hex(cert.leafHash)).toBe(createHash('sha256').update('\0').update(raw.leafInput).digest('hex'))
  })

  it('takes a leaf hash that is known already', () => {
    const known = new Uint8Array(32)
    expect(decodeEntry(rawOf({ kind: 'x509', certificate }), context, known).leafHash).toBe(known)
  })

  it('of a certificate and of its precertificate are the same issuance, and other certificates', () => {
    const final = certificateEntry(certificate)
    const pre = precertEntry(buildTbs(), precertificate)
    expect(pre.issuanceId).toBe(final.issuanceId)
    expect(pre.sha256).not.toBe(final.sha256)
    expect([final.kind, pre.kind]).toEqual(['certificate', 'precertificate'])
    expect(final.der).toEqual(certificate)
    expect(pre.der).toEqual(precertificate)
    expect(final.tbs).toEqual(buildTbs())
    expect(pre.tbs).toEqual(buildTbs())
  })

  it('decodes each field once', () => {
    const cert = certificateEntry(certificate)
    for (const field of ['subject', 'dnsNames', 'altNames', 'publicKey', 'scts', 'ocspUrls'] as const)
      expect(cert[field], field).toBe(cert[field])
    expect(cert.problems).toEqual(cert.problems)
  })

  it('returns dates and records that a caller can change without changing the certificate', () => {
    const cert = certificateEntry(certificate)
    const before = JSON.stringify(cert)
    for (const field of ['timestamp', 'notBefore', 'notAfter'] as const) {
      expect(cert[field]).toEqual(cert[field])
      cert[field]?.setFullYear(1999)
    }
    spoil(cert.toJSON())
    spoil(cert.toCertStream('full'))
    spoil(cert.toCertStream('domains'))
    expect(JSON.stringify(cert)).toBe(before)
  })

  it('without a certificate shares nothing with others that can be changed', () => {
    const { dnsNames, ipAddresses, emailAddresses, uris, crlUrls, subject } = certificateEntry(fromHex('3000'))
    for (const list of [dnsNames, ipAddresses, emailAddresses, uris, crlUrls, subject.attributes])
      expect(() => (list as unknown[]).push('x')).toThrow(TypeError)
    expect(() => Object.assign(subject, { raw: 'x' })).toThrow(TypeError)
  })

  it('gives the names of the leaf, never those of a precertificate that does not match it', () => {
    const evil = buildCertificate({ extensions: [poison(), subjectAltName(dnsName('evil.example'))] })
    const cert = precertEntry(buildTbs(), evil)
    expect(cert.dnsNames).toEqual(['www.example.com'])
    expect(problemsOf(cert)).toEqual(['der precertificate-mismatch'])
  })

  it('public values are plain byte arrays', () => {
    const cert = precertEntry(buildTbs(), precertificate)
    const values = [
      cert.der,
      cert.tbs,
      cert.leafHash,
      cert.issuerKeyHash,
      cert.publicKey?.spki,
      cert.subject.raw,
      cert.altNames[0]?.raw,
    ]
    for (const value of values) expect(Object.getPrototypeOf(value)).toBe(Uint8Array.prototype)
  })

  it('shows itself', () => {
    expect(inspect(certificateEntry(certificate))).toMatch(/^CtCertificate \{\n.*kind: 'certificate'/s)
  })
})

describe('an unparsable entry', () => {
  const leaves: [string, string, string, boolean][] = [
    ['empty', '', 'leafInput leaf-malformed', false],
    ['of another version', '01', 'leafInput entry-type-unknown', false],
    ['of another leaf type', '0001', 'leafInput entry-type-unknown', false],
    ['of another entry type', '0000 0000018bcfe56800 8000 00', 'leafInput entry-type-unknown', false],
    ['cut short', '0000 0000018bcfe56800 0000 000005 30', 'leafInput leaf-malformed', false],
    ['with bytes behind it', '0000 0000018bcfe56800 0000 000002 3000 0000 00', 'leafInput leaf-malformed', false],
    ['with an absurd timestamp', '0000 ffffffffffffffff 0000 000002 3000 0000', 'leafInput leaf-malformed', false],
    ['of an empty certificate', '0000 0000018bcfe56800 0000 000002 3000 0000', 'der der-malformed', true],
    ['of a stub', '0000 0000018bcfe56800 0000 000005 3003020101 0000', 'der der-malformed', true],
    [
      'of an X.509 entry that holds a bare TBSCertificate',
      `0000 0000018bcfe56800 0000 0000${hex(bytes(Uint8Array.of(buildTbs().length)))}`,
      'leafInput leaf-malformed',
      false,
    ],
  ]
  it.each(leaves)('%s is delivered with a problem and all its bytes', async (_, leaf, problem, dated) => {
    const leafInput = fromHex(leaf)
    const cert = decodeEntry({ index: 0, leafInput, extra: extraOf(undefined) }, context)
    expect(cert.kind).toBe('unparsable')
    expect(problemsOf(cert)).toEqual([problem])
    expect(cert.leafInput).toBe(leafInput)
    expect(cert.leafHash.length).toBe(32)
    expect(cert.timestamp === undefined).toBe(!dated)
    expect(cert).toMatchObject({
      dnsNames: [],
      altNames: [],
      serialNumber: undefined,
      publicKey: undefined,
      isCa: false,
    })
    expect(cert.subject.toString()).toBe('')
    expect(await cert.chain()).toEqual([])
    expect(await cert.verifyScts({})).toEqual([])
    expect(() => cert.x509()).toThrow(CtStreamError)
    expect(JSON.parse(JSON.stringify(cert)).leafInput).toBe(Buffer.from(leafInput).toString('base64'))
    expect(cert.toCertStream('domains').data).toEqual([])
    expect(cert.toCertStream('full').data.leaf_cert.subject.CN).toBeNull()
    expect(dnsNamesOfLeaf(leafInput)).toBeUndefined()
  })

  it('with a timestamp that no Date can hold is parsable', () => {
    const raw = rawOf({ kind: 'x509', certificate })
    const leafInput = bytes(raw.leafInput)
    leafInput.set(fromHex('001fffffffffffff'), 2)
    const cert = decodeEntry({ ...raw, leafInput }, context)
    expect(cert.kind).toBe('certificate')
    expect(cert.timestamp).toBeUndefined()
    expect(problemsOf(cert)).toEqual(['timestamp leaf-malformed'])
  })
})

describe('what comes beside the leaf', () => {
  const broken = (message: string): EntryExtra => {
    const fail = () => {
      throw new CtStreamError('CT_LEAF_MALFORMED', message)
    }
    return { preCertificate: fail, chain: fail }
  }

  it('missing: the precertificate is, the fields are not', () => {
    const cert = precertEntry(buildTbs(), undefined)
    expect(cert.der).toBeUndefined()
    expect(cert.sha256).toBeUndefined()
    expect(cert.dnsNames).toEqual(['www.example.com'])
    expect(problemsOf(cert)).toEqual(['der precertificate-missing'])
  })

  it('malformed: a problem, and the chain rejects', async () => {
    const entry = { kind: 'precert', issuerKeyHash: new Uint8Array(32), tbsCertificate: buildTbs() } as const
    const cert = decodeEntry(rawOf(entry, broken('not the promised structure')), context)
    expect(problemsOf(cert)).toEqual(['chain extra-malformed', 'der extra-malformed'])
    await expect(cert.chain()).rejects.toMatchObject({ code: 'CT_LEAF_MALFORMED' })
    expect(problemsOf(cert)).toEqual(['chain extra-malformed', 'der extra-malformed'])
    expect(cert.toCertStream('full').data.chain).toEqual([])
  })

  it('a precertificate that is no certificate is a mismatch', () => {
    expect(problemsOf(precertEntry(buildTbs(), fromHex('3000')))).toEqual(['der precertificate-mismatch'])
  })

  it('a chain whose first CA has the key the leaf names', async () => {
    const cert = precertEntry(buildTbs(), precertificate, sha256(p256Key), ca)
    expect(problemsOf(cert)).toEqual([])
    expect(await cert.chain()).toEqual([ca])
    expect(await cert.chain()).toBe(await cert.chain())
  })

  it('a chain whose first CA has another key', () => {
    expect(problemsOf(precertEntry(buildTbs(), precertificate, new Uint8Array(32), ca))).toEqual([
      'chain issuer-key-hash-mismatch',
    ])
    expect(problemsOf(precertEntry(buildTbs(), precertificate, new Uint8Array(32), fromHex('3000')))).toEqual([
      'chain issuer-key-hash-mismatch',
      'chain chain-mismatch',
    ])
  })

  it('a chain that begins with a Precertificate Signing Certificate: the CA behind it counts', () => {
    const otherKey = sequence(sequence(oid('1.3.101.112')), fromHex('0302 0001'))
    const purpose = extension('2.5.29.37', sequence(oid('1.3.6.1.4.1.11129.2.4.4')))
    const signer = buildCertificate({ spki: otherKey, extensions: [purpose] })
    expect(problemsOf(precertEntry(buildTbs(), precertificate, sha256(p256Key), signer, ca))).toEqual([])
    expect(problemsOf(precertEntry(buildTbs(), precertificate, sha256(otherKey), signer, ca))).toEqual([])
    expect(problemsOf(precertEntry(buildTbs(), precertificate, new Uint8Array(32), signer))).toEqual([
      'chain issuer-key-hash-mismatch',
    ])
  })
})

describe('a chain of certificates', () => {
  const other = buildCertificate({ subject: name(commonName('Other CA')), extensions: [] })
  const withChain = (...chain: Uint8Array[]) => problemsOf(certificateEntry(certificate, extraOf(undefined, ...chain)))

  it('is one in which each names the next; the extra data of another entry is a problem', () => {
    expect(withChain()).toEqual([])
    expect(withChain(ca)).toEqual([])
    expect(withChain(ca, root)).toEqual([])
    expect(withChain(other)).toEqual(['chain chain-mismatch'])
    expect(withChain(ca, other)).toEqual(['chain chain-mismatch'])
    expect(withChain(fromHex('3000'))).toEqual(['chain chain-mismatch'])
  })
})

describe('the index in a leaf', () => {
  const problems = (extensions: Uint8Array, kind: 'static-ct' | 'rfc6962' = 'static-ct') => {
    const leafInput = encodeMerkleLeaf({ timestamp: TIMESTAMP, entry: { kind: 'x509', certificate }, extensions })
    const raw = { index: 7, leafInput, extra: extraOf(undefined) }
    return problemsOf(decodeEntry(raw, { ...context, log: { ...context.log, kind } }))
  }

  it('of a static-ct log is the entry’s, or a problem', () => {
    expect(problems(encodeLeafIndex(7))).toEqual([])
    expect(problems(encodeLeafIndex(8))).toEqual(['leafInput leaf-index-mismatch'])
    expect(problems(fromHex('00000101'))).toEqual(['leafInput leaf-index-mismatch'])
    expect(problems(fromHex(''))).toEqual([])
    expect(problems(encodeLeafIndex(8), 'rfc6962')).toEqual([])
  })
})

describe('a chain of fingerprints', () => {
  const fingerprints = [Uint8Array.of(1), Uint8Array.of(2)]
  const raw = (issuerKeyHash: Uint8Array): RawEntry =>
    rawOf(
      { kind: 'precert', issuerKeyHash, tbsCertificate: buildTbs() },
      { preCertificate: () => precertificate, chain: () => ({ kind: 'fingerprints', fingerprints }) },
    )

  it('is asked for only when read, in order, and kept', async () => {
    const asked: number[] = []
    const issuer: EntryContext['issuer'] = async (fingerprint) => {
      asked.push(fingerprint[0] ?? 0)
      return fingerprint[0] === 1 ? ca : root
    }
    const cert = decodeEntry(raw(sha256(p256Key)), { ...context, issuer })
    expect(problemsOf(cert)).toEqual([])
    expect(cert.toCertStream('full').data.chain).toEqual([])
    expect(asked).toEqual([])
    expect(await cert.chain()).toEqual([ca, root])
    await cert.chain()
    expect(asked).toEqual([1, 2])
    expect(cert.toCertStream('full').data.chain?.map(({ subject }) => subject.CN)).toEqual(['Test CA', 'Test CA'])
    expect(problemsOf(cert)).toEqual([])
  })

  it('that is another certificate’s is a problem', async () => {
    const leaf = rawOf(
      { kind: 'x509', certificate },
      { preCertificate: () => undefined, chain: () => ({ kind: 'fingerprints', fingerprints }) },
    )
    const served: Uint8Array[] = [ca, certificate]
    const issuer: EntryContext['issuer'] = async () => served.shift() ?? ca
    const cert = decodeEntry(leaf, { ...context, issuer })
    await cert.chain()
    expect(problemsOf(cert)).toEqual(['chain chain-mismatch'])
    expect(cert.problems[0]?.message).toBe('issuer 1 of the chain is not the one that the certificate before it names')
  })

  it('adds a problem when it does not fit the leaf', async () => {
    const cert = decodeEntry(raw(new Uint8Array(32)), { ...context, issuer: async () => ca })
    expect(problemsOf(cert)).toEqual([])
    await cert.chain()
    expect(problemsOf(cert)).toEqual(['chain issuer-key-hash-mismatch'])
  })

  it('that is not served rejects with the reason, and can be asked for again', async () => {
    let up = false
    const failure = new CtStreamError('CT_HTTP_STATUS', '404', { status: 404 })
    const issuer: EntryContext['issuer'] = async () => {
      if (!up) throw failure
      return ca
    }
    const cert = decodeEntry(raw(sha256(p256Key)), { ...context, issuer })
    await expect(cert.chain()).rejects.toBe(failure)
    expect(problemsOf(cert)).toEqual(['chain chain-unavailable', 'chain chain-unavailable'])
    await expect(cert.chain()).rejects.toBe(failure)
    expect(problemsOf(cert)).toEqual(['chain chain-unavailable', 'chain chain-unavailable'])
    up = true
    expect(await cert.chain()).toEqual([ca, ca])
    expect(problemsOf(cert)).toEqual([])
  })

  it('keeps no problem of a try that another one has followed, however late it fails', async () => {
    let fail = (_: Error) => {}
    const hanging = new Promise<Uint8Array>((_, reject) => {
      fail = reject
    })
    const failure = new CtStreamError('CT_HTTP_STATUS', '404', { status: 404 })
    const served = [Promise.reject(failure), hanging, Promise.resolve(ca), Promise.resolve(ca)]
    const cert = decodeEntry(raw(sha256(p256Key)), { ...context, issuer: () => served.shift() ?? hanging })
    await expect(cert.chain()).rejects.toBe(failure)
    expect(problemsOf(cert)).toEqual(['chain chain-unavailable'])
    expect(await cert.chain()).toEqual([ca, ca])
    fail(failure)
    await expect(hanging).rejects.toBe(failure)
    expect(problemsOf(cert)).toEqual([])
  })
})

describe('the full structure', () => {
  it('is that of @peculiar/asn1-x509, the same copy an application imports', async () => {
    const { Certificate } = await import('@peculiar/asn1-x509')
    const cert = certificateEntry(certificate)
    expect(cert.x509()).toBeInstanceOf(Certificate)
    expect(cert.x509()).toBe(cert.x509())
    expect(cert.x509().tbsCertificate.extensions?.length).toBe(1)
    expect(precertEntry(buildTbs(), precertificate).x509().tbsCertificate.extensions?.length).toBe(2)
  })

  it('is not asked of that package where it would take gigabytes', () => {
    // Its OIDs are an object an arc, and each element is a kilobyte.
    const longOid = buildCertificate({ extensions: [sequence(tlv(0x06, new Uint8Array(1025).fill(1)), octets('x'))] })
    const many = buildCertificate({ subject: sequence(fromHex('3100'.repeat(50_000))) })
    const refused = (der: Uint8Array, message: RegExp) =>
      expect(() => certificateEntry(der).x509()).toThrow(
        expect.objectContaining({ code: 'CT_DER_MALFORMED', message: expect.stringMatching(message) }),
      )
    refused(longOid, /OBJECT IDENTIFIER of more than 1024 octets/)
    refused(many, /the 50000 there may be/)
    expect(certificateEntry(longOid).dnsNames).toEqual(['www.example.com'])
  })

  it('fails with an error of this library', () => {
    const cert = certificateEntry(buildCertificate({ validity: sequence(fromHex('0500')) }))
    expect(cert.kind).toBe('certificate')
    expect(() => cert.x509()).toThrow(expect.objectContaining({ code: 'CT_DER_MALFORMED' }))
  })
})
