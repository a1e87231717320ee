import { generateKeyPairSync, sign } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { decodeEntry } from '../../../src/decode/decode-entry.js'
import type { SctVerification } from '../../../src/types/sct.js'
import { sha256 } from '../../../src/util/hash.js'
import { LogKey } from '../../../src/wire/head-signature.js'
import { sctSignatureInput } from '../../../src/wire/sct.js'
import { describeReal, realJson, realText } from '../../real-data.js'
import { encodeSct, encodeSctList } from '../../support/wire.js'
import {
  attribute,
  buildCertificate,
  buildTbs,
  bytes,
  commonName,
  dnsName,
  extension,
  name,
  p256Key,
  sctList,
  subjectAltName,
  tlv,
} from '../x509/build.js'
import { certificateEntry, context, extraOf } from './entries.js'
import { realEntries } from './real-entries.js'

describeReal('the embedded SCTs of every real final certificate', () => {
  const keys = realLogKeys()

  it('verify, or are of a log whose key is not at hand', async () => {
    const results: SctVerification[] = []
    for (const { row, raw, isTile } of realEntries())
      if (row.type === 'x509' && !isTile) results.push(...(await decodeEntry(raw, context).verifyScts(keys)))
    const count = (status: SctVerification['status']) => results.filter((result) => result.status === status).length
    expect({ valid: count('valid'), invalid: count('invalid'), unverifiable: count('unverifiable') }).toEqual({
      valid: results.length - count('unknown-log'),
      invalid: 0,
      unverifiable: 0,
    })
    expect(count('valid')).toBe(778)
  })
})

describe('embedded SCTs', () => {
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const key = new LogKey(new Uint8Array(publicKey.export({ type: 'spki', format: 'der' })))
  const san = subjectAltName(dnsName('www.example.com'))
  const ca = buildCertificate({ subject: name(commonName('Test CA')) })
  const tbs = buildTbs({ extensions: [san] })
  const sct = signedSct(tbs)
  const certificate = buildCertificate({ extensions: [san, sctList(encodeSctList([sct]))] })
  const keys = new Map([[key.id, key.spki]])
  const statuses = async (der: Uint8Array, ...args: [Parameters<typeof verify>[1], ...Uint8Array[]]) =>
    (await verify(der, ...args)).map(({ status }) => status)

  function signedSct(tbsCertificate: Uint8Array): Uint8Array {
    const unsigned = { timestamp: 1_700_000_000_000, extensions: new Uint8Array(0) }
    const input = sctSignatureInput(unsigned, { kind: 'precert', issuerKeyHash: sha256(p256Key), tbsCertificate })
    const signature = sign('sha256', input, privateKey)
    return encodeSct({
      ...unsigned,
      logId: key.logId,
      signature: bytes(Uint8Array.of(4, 3, 0, signature.length), signature),
    })
  }

  function verify(
    der: Uint8Array,
    logs: Parameters<ReturnType<typeof certificateEntry>['verifyScts']>[0],
    ...chain: Uint8Array[]
  ) {
    return certificateEntry(der, extraOf(undefined, ...chain)).verifyScts(logs)
  }

  it('are read', () => {
    expect(certificateEntry(certificate).scts).toEqual([
      {
        version: 0,
        logId: key.id,
        timestamp: new Date(1_700_000_000_000),
        extensions: new Uint8Array(0),
        signature: expect.any(Uint8Array),
      },
    ])
  })

  it('verify with the key as bytes, as base64, in a map or an object', async () => {
    const base64 = Buffer.from(key.spki).toString('base64')
    for (const logs of [keys, new Map([[key.id, base64]]), { [key.id]: base64 }])
      expect(await statuses(certificate, logs, ca)).toEqual(['valid'])
  })

  it('do not verify on another certificate, or with another issuer', async () => {
    const other = buildCertificate({
      extensions: [subjectAltName(dnsName('evil.example')), sctList(encodeSctList([sct]))],
    })
    expect(await statuses(other, keys, ca)).toEqual(['invalid'])
    const otherCa = buildCertificate({ subject: name(commonName('Test CA')), spki: key.spki })
    expect(await statuses(certificate, keys, otherCa)).toEqual(['invalid'])
  })

  it('are not called invalid for the chain of another certificate', async () => {
    const otherChain = [buildCertificate({ spki: key.spki }), buildCertificate({ subject: name(commonName('Root')) })]
    expect(await verify(certificate, keys, ...otherChain)).toMatchObject([
      { status: 'unverifiable', reason: 'the chain is not that of this certificate' },
    ])
  })

  it('verify with the issuer wherever it is in the chain', async () => {
    const other = buildCertificate({ spki: key.spki })
    expect(await statuses(certificate, keys, other, ca)).toEqual(['valid'])
  })

  it('verify with an issuer whose name is written in another way', async () => {
    const sameInWords = buildCertificate({ subject: name(attribute('2.5.4.3', tlv(0x13, 'Test CA'))) })
    expect(await statuses(certificate, keys, sameInWords)).toEqual(['valid'])
  })

  it('of an unknown log, without an issuer, with a key that is none, or another log\u2019s', async () => {
    expect(await statuses(certificate, {}, ca)).toEqual(['unknown-log'])
    expect(await statuses(certificate, keys)).toEqual(['unverifiable'])
    expect(await statuses(certificate, keys, Uint8Array.of(0x30, 0))).toEqual(['unverifiable'])
    expect(await statuses(certificate, { [key.id]: 'AAAA' }, ca)).toEqual(['unverifiable'])
    expect(await statuses(certificate, { [key.id]: p256Key }, ca)).toEqual(['unverifiable'])
  })

  it('are verified up to a hundred of them, in turns of the event loop', async () => {
    const spare = signedSct(tbs)
    const many = Array.from({ length: 300 }, () => spare)
    const large = buildCertificate({
      extensions: [san, sctList(encodeSctList(many)), extension('1.2.3.4', new Uint8Array(200_000))],
    })
    const asked: string[] = []
    class Counted extends Map<string, Uint8Array> {
      override get(id: string): Uint8Array | undefined {
        asked.push(id)
        return super.get(id)
      }
    }
    let turns = 0
    let isDone = false
    const turn = () => {
      turns++
      if (!isDone) setImmediate(turn)
    }
    setImmediate(turn)
    const results = await verify(large, new Counted(keys), ca)
    isDone = true
    // A hundred times 200 kB, a megabyte a turn.
    expect(turns).toBeGreaterThan(10)
    expect(asked).toEqual([key.id])
    const statuses = results.map(({ status }) => status)
    expect(statuses).toEqual([...Array(100).fill('invalid'), ...Array(200).fill('unverifiable')])
    expect(results.at(-1)?.reason).toBe('more than 100 SCTs, the others are not verified')
  })

  it('of logs without a key take no place of the others', async () => {
    const stranger = encodeSct({
      timestamp: 0,
      extensions: new Uint8Array(0),
      logId: new Uint8Array(32),
      signature: Uint8Array.of(4, 3, 0, 0),
    })
    const list = encodeSctList([...Array.from({ length: 300 }, () => stranger), sct])
    const results = await statuses(buildCertificate({ extensions: [san, sctList(list)] }), keys, ca)
    expect(results).toEqual([...Array(300).fill('unknown-log'), 'valid'])
  })

  it('cannot be verified without the issuer', async () => {
    const entry = certificateEntry(certificate, {
      preCertificate: () => undefined,
      chain: () => ({ kind: 'fingerprints', fingerprints: [new Uint8Array(32)] }),
    })
    expect(await entry.verifyScts(keys)).toMatchObject([{ status: 'unverifiable', reason: /cannot be had: no issuer/ }])
  })
})

/** The key of every log of every log list of the real data. */
function realLogKeys(): Map<string, string> {
  const keys = new Map<string, string>()
  const collect = (value: unknown): void => {
    if (typeof value !== 'object' || value === null) return
    const { log_id: id, key } = value as { log_id?: unknown; key?: unknown }
    if (typeof id === 'string' && typeof key === 'string') keys.set(id, key)
    for (const inner of Object.values(value)) collect(inner)
  }
  for (const line of realText('MANIFEST-files.tsv').split('\n')) {
    const [file = '', , , , kind = ''] = line.split('\t')
    if (/^loglist-(chrome|apple|other|mozilla)/.test(kind) && file.endsWith('.json'))
      collect(realJson(...file.split('/')))
  }
  return keys
}
