import { createPublicKey, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { Witness } from '../../../src/testing/signing.js'
import { openCheckpoint } from '../../../src/wire/checkpoint-note.js'
import { cosignaturesOf, isCosignedBy } from '../../../src/wire/cosignature.js'
import { LogKey } from '../../../src/wire/head-signature.js'
import { noteKeyId, parseSignedNote } from '../../../src/wire/signed-note.js'
import { describeReal, realBytes, realJson, realText } from '../../real-data.js'
import { code, toBase64, toHex, utf8 } from './samples.js'

const TEXT = 'log.example/2027h1\n5\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n'

/** A note with these lines behind its text, as `cosignaturesOf` takes it. */
const noteOf = (lines: string, text = TEXT) => ({
  origin: 'log.example/2027h1',
  head: { treeSize: 5, timestamp: 0, rootHash: new Uint8Array(32), signature: new Uint8Array(4) },
  extensions: [],
  text,
  cosignatures: parseSignedNote(utf8(`${text}\n${lines}`)).signatures,
})

const vkeyOf = (name: string, key: Uint8Array, type = 4) =>
  `${name}+${toHex(noteKeyId(name, type, key))}+${toBase64(Uint8Array.of(type, ...key))}`

describe('cosignatures', () => {
  const witness = new Witness('witness.example/w1')
  const vkey = vkeyOf(witness.name, witness.publicKey)

  it('verify with the key of their witness, and with no other', () => {
    const [cosignature] = cosignaturesOf(noteOf(witness.cosign(TEXT, 1_790_000_000)))
    if (cosignature?.kind !== 'cosignature/v1') throw new Error('not a cosignature/v1')
    expect([cosignature.name, cosignature.timestamp]).toEqual(['witness.example/w1', 1_790_000_000_000])
    expect(Buffer.from(cosignature.message).toString()).toBe(`cosignature/v1\ntime 1790000000\n${TEXT}`)
    expect(isCosignedBy(cosignature, vkey)).toBe(true)
    const other = new Witness('witness.example/w1')
    expect(isCosignedBy(cosignature, vkeyOf(other.name, other.publicKey))).toBe(false)
    expect(isCosignedBy(cosignature, vkeyOf('witness.example/w2', witness.publicKey))).toBe(false)
    expect(isCosignedBy({ ...cosignature, name: 'other' }, vkey)).toBe(false)
    expect(isCosignedBy({ ...cosignature, keyId: new Uint8Array(4) }, vkey)).toBe(false)
    const signature = cosignature.signature.slice()
    signature[5] = (signature[5] as number) ^ 1
    expect(isCosignedBy({ ...cosignature, signature }, vkey)).toBe(false)
    const message = utf8(`cosignature/v1\ntime 1790000001\n${TEXT}`)
    expect(isCosignedBy({ ...cosignature, message }, vkey)).toBe(false)
  })

  it('of another text do not verify', () => {
    const line = witness.cosign(TEXT.replace('\n5\n', '\n6\n'), 1_790_000_000)
    const [cosignature] = cosignaturesOf(noteOf(line))
    expect(cosignature && isCosignedBy(cosignature, vkey)).toBe(false)
  })

  it('of an unknown kind are returned unchanged', () => {
    const line = (bytes: Uint8Array) => `\u2014 other.example ${toBase64(Uint8Array.of(1, 2, 3, 4, ...bytes))}\n`
    const blobs = [Uint8Array.of(9), new Uint8Array(71), new Uint8Array(73), new Uint8Array(2428)]
    // A time too late for a number of milliseconds, and one too late for a number.
    for (const time of [
      [0, 31],
      [255, 255],
    ])
      blobs.push(Uint8Array.of(...time, ...new Uint8Array(70)))
    const found = cosignaturesOf(noteOf(blobs.map(line).join('')))
    expect(found.map(({ kind, raw }) => [kind, raw.length])).toEqual(blobs.map(({ length }) => ['unknown', length]))
    expect(found.every(({ keyId, text }) => toHex(keyId) === '01020304' && text === TEXT)).toBe(true)
    expect(found.some((cosignature) => isCosignedBy(cosignature, vkey))).toBe(false)
  })

  it('are at most 64, and none for a text that no log may sign', () => {
    const lines = Array.from({ length: 100 }, (_, i) => new Witness(`w${i}`).cosign(TEXT, i)).join('')
    expect(cosignaturesOf(noteOf(lines)).map(({ name }) => name)).toEqual(Array.from({ length: 64 }, (_, i) => `w${i}`))
    expect(cosignaturesOf(noteOf(lines, `${TEXT}${'x'.repeat(16 * 1024)}\n`))).toEqual([])
  })

  it('are not verified with anything but the key of a witness', () => {
    const [cosignature] = cosignaturesOf(noteOf(witness.cosign(TEXT, 1)))
    const [name = '', id = '', key = ''] = vkey
      .split('+', 1)
      .concat(vkey.slice(witness.name.length + 1).split('+', 1), vkey.slice(witness.name.length + 10))
    expect(`${name}+${id}+${key}`).toBe(vkey)
    const wrong: unknown[] = [
      ...['', 'x', name, `${name}+${id}`, `${name}+${id}+`, `+${id}+${key}`, `a b+${id}+${key}`, `${vkey} `, null, 5],
      ...[`${name}+${id.slice(1)}+${key}`, `${name}+00000000+${key}`, `${name}+${id}+${key.slice(4)}`],
      // The key of a log, or of a plain note signature.
      ...[vkeyOf(name, witness.publicKey, 5), vkeyOf(name, witness.publicKey, 1), vkeyOf(name, new Uint8Array(31))],
    ]
    for (const one of wrong)
      expect([one, code(() => cosignature && isCosignedBy(cosignature, one as string))]).toEqual([
        one,
        'CT_OPTION_INVALID',
      ])
  })
})

describeReal('the checkpoint of Arche2026h1', () => {
  const files = ['Sawchord+luct', 'testdata', 'arche2026h1-signed-note'] as const
  const file = (ending: string) => [...files.slice(0, -1), `${files.at(-1)}${ending}`]
  const { origin, key } = realJson<{ origin: string; key: string }>(...file('.key.json'))
  const found = cosignaturesOf(openCheckpoint(realBytes(...file('.txt')), new LogKey(key), origin))
  /** The witnesses of the operator's own policy: name and key. */
  const vkeys = realText(
    'transparency-dev+tesseract/deployment/live/gcp/static-ct-staging/logs/witness.policy', // prettier-ignore
  )
    .split('\n')
    .filter((line) => line.startsWith('witness '))
    .map((line) => line.split(' ')[2] as string)

  it('is cosigned by five of the six witnesses of its policy', () => {
    const signed = vkeys.filter((vkey) => found.some((cosignature) => isCosignedBy(cosignature, vkey)))
    expect(vkeys).toHaveLength(6)
    expect(signed).toEqual(vkeys.filter((vkey) => !vkey.startsWith('navigli.sunlight.geomys.org')))
    expect(found.filter(({ kind }) => kind === 'unknown').map(({ name }) => name)).toEqual([origin])
  })

  it('can be verified with nothing but node:crypto', () => {
    const timed = found.flatMap((line) => (line.kind === 'cosignature/v1' ? [line] : []))
    expect(timed).toHaveLength(5)
    for (const { name, message, signature, timestamp } of timed) {
      const base64 = vkeys.find((vkey) => vkey.startsWith(`${name}+`))?.slice(name.length + 10) ?? ''
      const x = Buffer.from(base64, 'base64').subarray(1).toString('base64url')
      const publicKey = createPublicKey({ key: { kty: 'OKP', crv: 'Ed25519', x }, format: 'jwk' })
      expect([name, verify(null, message, publicKey, signature)]).toEqual([name, true])
      expect(new Date(timestamp).toISOString()).toBe('2026-01-15T11:47:16.000Z')
    }
  })
})
