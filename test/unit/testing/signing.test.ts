import { createHash, createPublicKey, verify } from 'node:crypto'
import { describe, expect, it } from 'vitest'
import { LogKey, noteKeyId, renderCheckpoint, Witness } from '../../../src/testing/signing.js'
import type { SignedHead } from '../../../src/types/log.js'

// A checkpoint of the Sunlight project's tests: its own signature, so that what is around it must come out the same.
const ORIGIN = 'rome2026h1.example.org'
const LOG_ID = Buffer.from('CKIDXIl+znJaHUyhzhNVaSxIUov59RCXLh3fJXJExnk=', 'base64')
const SIGNATURE_LINE =
  '— rome2026h1.example.org kVB1JgAAAZtxtEwABAMARzBFAiEAi+mTa2xjL1IdWpH82OeciGsGvwRAP+f1WkfKaSZCfFECIHoNPZ/Q3y6UNzvKOO9cuLr6V16vPNfhwhle9f6r5H/Z'
const head: SignedHead = {
  treeSize: 300,
  timestamp: 1767139200000,
  rootHash: Buffer.from('lCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=', 'base64'),
  signature: Buffer.from(SIGNATURE_LINE.split(' ')[2] as string, 'base64').subarray(12),
}

describe('renderCheckpoint', () => {
  it('writes a Sunlight checkpoint byte for byte', () => {
    expect(renderCheckpoint(head, ORIGIN, LOG_ID, { grease: false, witnesses: [] })).toBe(
      `rome2026h1.example.org\n300\nlCkHUpkmVBEms2r2T1K6Og69+wUuuN3MIEW1/ezu2v0=\n\n${SIGNATURE_LINE}\n`,
    )
    expect(noteKeyId(ORIGIN, 0x05, LOG_ID).toString('hex')).toBe('91507526')
  })

  it('adds grease and cosignatures in any order, and keeps the log’s own line', () => {
    const witnesses = [new Witness('w1.example'), new Witness('w2.example')]
    const orders = new Set<string>()
    for (let i = 0; i < 50; i++) {
      const note = renderCheckpoint(head, ORIGIN, LOG_ID, { grease: true, witnesses })
      const [text, signatures = ''] = note.split('\n\n') as [string, string]
      const lines = signatures.trimEnd().split('\n')
      expect(lines).toHaveLength(5)
      expect(lines).toContain(SIGNATURE_LINE)
      expect(lines.every((line) => /^\u2014 \S+ [A-Za-z0-9+/]+=*$/.test(line))).toBe(true)
      orders.add(lines.map((line) => line.split(' ')[1]).join())
      for (const witness of witnesses) {
        const line = lines.find((candidate) => candidate.includes(witness.name)) as string
        const blob = Buffer.from(line.split(' ')[2] as string, 'base64')
        expect(blob.length).toBe(76)
        const spki = Buffer.concat([Buffer.from('302a300506032b6570032100', 'hex'), witness.publicKey])
        const key = createPublicKey({ key: spki, format: 'der', type: 'spki' })
        const message = `cosignature/v1\ntime ${blob.readBigUInt64BE(4)}\n${text}\n`
        expect(verify(null, Buffer.from(message), key, blob.subarray(12))).toBe(true)
      }
    }
    expect(orders.size).toBeGreaterThan(1)
  })
})

describe('LogKey', () => {
  it('signs the 50 bytes of a TreeHeadSignature', () => {
    const key = new LogKey(undefined)
    const signed = key.signHead(300, 1767139200000, head.rootHash)
    const text = '00010000019b71b44c00000000000000012c942907529926541126b36af64f52ba3a0ebdfb052eb8ddcc2045b5fdeceedafd'
    const spki = createPublicKey({ key: key.spki, format: 'der', type: 'spki' })
    expect([...signed.signature.subarray(0, 3)]).toEqual([4, 3, 0])
    expect(signed.signature[3]).toBe(signed.signature.length - 4)
    expect(verify('sha256', Buffer.from(text, 'hex'), spki, signed.signature.subarray(4))).toBe(true)
    expect(key.logId.toString('hex')).toBe(createHash('sha256').update(key.spki).digest('hex'))
  })

  it('refuses anything but a P-256 private key', () => {
    expect(() => new LogKey('nonsense')).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
  })
})
