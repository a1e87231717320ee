import { describe, expect, it } from 'vitest'
import { parseConsistencyAnswer, parseProofByHash } from '../../../src/wire/proof-answers.js'
import { parseGetSth } from '../../../src/wire/sth.js'
import { describeReal, realBytes, realJson } from '../../real-data.js'
import { parseEntryAndProof, parseRootsAnswer } from '../../support/wire.js'
import { code, toBase64, utf8 } from './samples.js'

const hash = toBase64(new Uint8Array(32).fill(7))
const json = (value: unknown) => utf8(JSON.stringify(value))

describe('answers with proofs', () => {
  it('are read', () => {
    const proof = [new Uint8Array(32).fill(7)]
    expect(parseConsistencyAnswer(json({ consistency: [hash] }))).toEqual(proof)
    expect(parseConsistencyAnswer(json({ consistency: [] }))).toEqual([])
    expect(parseConsistencyAnswer(json({ consistency: null }))).toEqual([])
    expect(parseProofByHash(json({ leaf_index: 0, audit_path: [hash] }))).toEqual({ leafIndex: 0, auditPath: proof })
    expect(parseEntryAndProof(json({ leaf_input: 'AA==', extra_data: '', audit_path: [] }))).toEqual({
      leafInput: Uint8Array.of(0),
      extraData: new Uint8Array(0),
      auditPath: [],
    })
    expect(parseRootsAnswer(json({ certificates: ['AA=='] }))).toEqual([Uint8Array.of(0)])
  })

  it('are refused when they are anything else', () => {
    const bad: [(body: Uint8Array) => unknown, unknown][] = [
      [parseConsistencyAnswer, {}],
      [parseConsistencyAnswer, { consistency: hash }],
      [parseConsistencyAnswer, { consistency: ['Z29vZA=='] }],
      [parseConsistencyAnswer, { consistency: [null] }],
      [parseProofByHash, { audit_path: [hash] }],
      [parseProofByHash, { leaf_index: -1, audit_path: [hash] }],
      [parseProofByHash, { leaf_index: 2 ** 60, audit_path: [hash] }],
      [parseEntryAndProof, { leaf_input: 'AA==', audit_path: [] }],
      [parseRootsAnswer, { certificates: [5] }],
      [parseRootsAnswer, null],
    ]
    for (const [parse, value] of bad) expect(code(() => parse(json(value)))).toBe('CT_RESPONSE_MALFORMED')
  })
})

describeReal('real answers with proofs', () => {
  const google = (name: string) => realBytes('google+certificate-transparency-go', 'extracted', name)

  it('are read, escaped slashes and spaces too', () => {
    expect(parseConsistencyAnswer(google('logclient-get-sth-consistency.json')).map((h) => h.length)).toEqual([32, 32])
    const { leafIndex, auditPath } = parseProofByHash(google('logclient-get-proof-by-hash.json'))
    expect([leafIndex, auditPath.length]).toEqual([3, 3])
    expect(parseRootsAnswer(google('logclient-get-roots.json')).length).toBe(1)
    const roots = parseRootsAnswer(realBytes('Sawchord+luct', 'testdata', 'argon2025h2-get-roots.json'))
    expect(roots.length).toBeGreaterThan(100)
  })

  it('are refused where certificate-transparency-go refuses them', () => {
    const bad = realJson<{ desc: string; response: string; error: string }[]>(
      'google+certificate-transparency-go',
      'extracted',
      'bad-responses.shared.json',
    )
    expect(bad.length).toBe(10)
    for (const { desc, response } of bad) {
      const parse = response.includes('tree_size')
        ? parseGetSth
        : response.includes('leaf_index')
          ? parseProofByHash
          : response.includes('certificates')
            ? parseRootsAnswer
            : parseEntryAndProof
      expect([desc, code(() => parse(utf8(response)))]).toEqual([desc, 'CT_RESPONSE_MALFORMED'])
    }
  })
})
