import { createPublicKey, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { asCosignature, openCheckpoint, parseCheckpoint } from '../../../src/wire/checkpoint-note.js'
import { LogKey } from '../../../src/wire/head-signature.js'
import { noteKeyId } from '../../../src/wire/signed-note.js'
import { treeHeadSignatureInput } from '../../../src/wire/sth.js'
import { describeReal, realBytes, realJson } from '../../real-data.js'
import { checkpointText, encodeCheckpoint } from '../../support/wire.js'
import { base64, code, testKey, toHex, utf8 } from './samples.js'

// sunlight, cmd/skylight/testdata
const rome = {
  origin: 'rome2026h1.example.org',
  key: 'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPIcer7RB32jt4bTEbhgUKLKvOctFD+I2hoDItFxUBlJiGFvftBuRk3fO7e1T7gC2ekyfL7XoO2oN/ObcZyc4EA==',
  note: `rome2026h1.example.org
300
lCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=

\u2014 rome2026h1.example.org kVB1JgAAAZtxtEwABAMARzBFAiEAi+mTa2xjL1IdWpH82OeciGsGvwRAP+f1WkfKaSZCfFECIHoNPZ/Q3y6UNzvKOO9cuLr6V16vPNfhwhle9f6r5H/Z
`,
}

describe('openCheckpoint', () => {
  it("verifies the checkpoint of sunlight's test log", () => {
    const key = new LogKey(rome.key)
    expect(key.id).toBe('CKIDXIl+znJaHUyhzhNVaSxIUov59RCXLh3fJXJExnk=')
    expect(toHex(noteKeyId(rome.origin, 5, key.logId))).toBe('91507526')
    const { origin, head, extensions, cosignatures, text } = openCheckpoint(utf8(rome.note), key, rome.origin)
    expect([origin, head.treeSize, head.timestamp]).toEqual([rome.origin, 300, 1767139200000])
    expect([extensions, cosignatures]).toEqual([[], []])
    expect(toHex(treeHeadSignatureInput(head))).toBe(
      '00010000019b71b44c00000000000000012c942907529926541126b36af64f52ba3a0ebdfb052eb8ddcc2045b5fdeceedafd',
    )
    expect(text).toBe(checkpointText(rome.origin, head))
    expect(Buffer.from(encodeCheckpoint(origin, head, key.logId)).toString()).toBe(rome.note)
  })

  it('refuses another origin, another log, and any change of the signed text', () => {
    const key = new LogKey(rome.key)
    const change = (from: string, to: string) => utf8(rome.note.replaceAll(from, to))
    const cases: [Uint8Array, LogKey, string | undefined, string][] = [
      [utf8(rome.note), key, 'rome2026h2.example.org', 'CT_RESPONSE_MALFORMED'],
      [utf8(rome.note), testKey().key, undefined, 'CT_HEAD_SIGNATURE'],
      [change('\n300\n', '\n301\n'), key, undefined, 'CT_HEAD_SIGNATURE'],
      [change('lCkH', 'lCkI'), key, undefined, 'CT_HEAD_SIGNATURE'],
      [change('kVB1JgAAAZtxtEwA', 'kVB1JgAAAZtxtEwB'), key, undefined, 'CT_HEAD_SIGNATURE'],
      // The origin is not signed, but the key id is bound to it.
      [change('rome2026h1.example.org', 'paris2026h1.example.org'), key, undefined, 'CT_HEAD_SIGNATURE'],
      [change('kVB1Jg', 'kVB1Jh'), key, undefined, 'CT_RESPONSE_MALFORMED'],
    ]
    for (const [note, logKey, origin, expected] of cases)
      expect(code(() => openCheckpoint(note, logKey, origin))).toBe(expected)
  })

  it('ignores unknown signers, garbage of its own name, and extension lines', () => {
    const { key, digitallySign } = testKey()
    const origin = 'log.example/2026h1'
    const head = { treeSize: 0, timestamp: 1, rootHash: new Uint8Array(32), signature: new Uint8Array(0) }
    const signed = { ...head, signature: digitallySign(treeHeadSignatureInput(head)) }
    const grease = [
      { name: origin, keyId: Uint8Array.of(1, 2, 3, 4), signature: Uint8Array.of(1) },
      { name: 'grease.invalid', keyId: noteKeyId(origin, 5, key.logId), signature: new Uint8Array(9) },
    ]
    const note = Buffer.from(encodeCheckpoint(origin, signed, key.logId, grease)).toString()
    const opened = openCheckpoint(utf8(note), key, origin)
    expect(opened.head).toEqual(signed)
    expect(opened.cosignatures).toEqual(grease)
    const [text = '', lines = ''] = note.split('\n\n')
    const shuffled = `${text}\nan extension\n\n${lines.trimEnd().split('\n').reverse().join('\n')}\n`
    const again = openCheckpoint(utf8(shuffled), key, origin)
    expect([again.head, again.extensions]).toEqual([signed, ['an extension']])
  })

  it('refuses bodies that are not three lines of the right form', () => {
    const key = new LogKey(rome.key)
    const [body = '', lines = ''] = rome.note.split('\n\n')
    const [origin, size, root] = body.split('\n')
    const bodies = [
      `${origin}\n${size}`,
      `${origin}`,
      `\n${size}\n${root}`,
      ...['', '0300', '+300', '300 ', '3e2', '-1', '0x12c', '9007199254740992', '99999999999999999999'].map(
        (n) => `${origin}\n${n}\n${root}`,
      ),
      ...['', `${root} `, root?.slice(0, -1), 'AAAA', `${root}${root}`].map((r) => `${origin}\n${size}\n${r}`),
    ]
    for (const text of bodies)
      expect([text, code(() => openCheckpoint(utf8(`${text}\n\n${lines}`), key))]).toEqual([
        text,
        'CT_RESPONSE_MALFORMED',
      ])
    // A signature of this log too short to hold a timestamp.
    const short = `${body}\n\n\u2014 ${origin} ${Buffer.concat([Buffer.from('91507526', 'hex'), Buffer.alloc(3)]).toString('base64')}\n`
    expect(code(() => openCheckpoint(utf8(short), key))).toBe('CT_RESPONSE_MALFORMED')
  })
})

interface KeyFile {
  origin: string
  key: string
  log_id: string
  witness_key_spki?: string
}

describeReal('real checkpoints', () => {
  const open = (...path: string[]) => {
    const { origin, key, log_id } = realJson<KeyFile>(...path.slice(0, -1), `${path.at(-1)}.key.json`)
    const logKey = new LogKey(key)
    expect(logKey.id).toBe(log_id)
    return openCheckpoint(realBytes(...path.slice(0, -1), `${path.at(-1)}.txt`), logKey, origin)
  }

  it('verify, with witnesses and grease', () => {
    const luct = ['Sawchord+luct', 'testdata']
    const sycamore = open(...luct, 'sycamore2026h1-signed-note')
    expect([sycamore.head.treeSize, sycamore.head.timestamp, sycamore.cosignatures.length]).toEqual([
      804475391, 1769279856830, 3,
    ])
    const arche = open(...luct, 'arche2026h1-signed-note')
    expect([arche.head.treeSize, arche.head.timestamp, arche.cosignatures.length]).toEqual([
      1822167730, 1768477636059, 6,
    ])
    const times = arche.cosignatures.flatMap((line) => asCosignature(line, arche.text)?.timestamp ?? [])
    expect(times.length).toBe(5)
    expect(times.filter((time) => Math.abs(time - 1768477636) < 10).length).toBe(5)
    const dev = open('cloudflare+azul', 'extracted', 'checkpoint-dev2024h2b')
    expect([dev.head.treeSize, dev.head.timestamp, dev.cosignatures.length]).toEqual([5, 1737663664554, 3])
  })

  it('carries a signature of its text that verifies with the key of another signer', () => {
    const { witness_key_spki = '' } = realJson<KeyFile>(
      'cloudflare+azul',
      'extracted',
      'checkpoint-dev2024h2b.key.json', // prettier-ignore
    )
    const dev = open('cloudflare+azul', 'extracted', 'checkpoint-dev2024h2b')
    const key = createPublicKey({ key: Buffer.from(witness_key_spki, 'base64'), format: 'der', type: 'spki' })
    const raw = new Uint8Array(Buffer.from(witness_key_spki, 'base64').subarray(-32))
    const verified = dev.cosignatures.filter((line) => verify(null, Buffer.from(dev.text), key, line.signature))
    expect(verified.map((line) => [line.name, toHex(line.keyId)])).toEqual([
      [dev.origin, toHex(noteKeyId(dev.origin, 1, raw))],
    ])
  })

  it('refuses the one whose signature does not verify', () => {
    expect(code(() => open('h-kwnm+sct', 'extracted', 'checkpoint-sycamore2026h1-910004669'))).toBe('CT_HEAD_SIGNATURE')
  })

  it('parses and refuses the vectors of certspotter as it does', () => {
    const vectors = realJson<{
      log_id: string
      tree_size: number
      timestamp: number
      parses: string[]
      must_fail: string[]
    }>(
      'SSLMate+certspotter',
      'extracted',
      'checkpoint-parse-vectors.json', // prettier-ignore
    )
    expect([vectors.parses.length, vectors.must_fail.length]).toEqual([6, 10])
    for (const note of vectors.parses) {
      const { head } = parseCheckpoint(utf8(note), base64(vectors.log_id))
      expect([head.treeSize, head.timestamp]).toEqual([vectors.tree_size, vectors.timestamp])
    }
    // One that is a checkpoint, but holds no signature by this key, fails as a wrong signature does.
    for (const note of vectors.must_fail)
      expect([note, code(() => parseCheckpoint(utf8(note), base64(vectors.log_id)))]).toEqual([
        note,
        expect.stringMatching(/^CT_(RESPONSE_MALFORMED|HEAD_SIGNATURE)$/),
      ])
  })

  it("verifies the checkpoint file of sunlight's test log", () => {
    const { head } = openCheckpoint(
      realBytes('FiloSottile+sunlight', 'cmd', 'skylight', 'testdata', 'tree', 'checkpoint'),
      new LogKey(rome.key),
      rome.origin,
    )
    expect(head.treeSize).toBe(300)
  })
})
