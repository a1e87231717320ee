import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import type { TestLog } from '../../../src/testing/index.js'
import type { Evidence } from '../../../src/types/checkpoint.js'
import type { EvidenceJson } from '../../../src/types/evidence.js'
import type { SignedHead } from '../../../src/types/log.js'
import { toBase64 } from '../../../src/util/bytes.js'
import { headRecord } from '../../../src/verify/evidence.js'
import { sealedEvidence } from '../../../src/verify/evidence-document.js'
import { evidenceToJSON } from '../../../src/verify/evidence-json.js'
import { verifyEvidence } from '../../../src/verify/verify-evidence.js'
import { certificates, logOf } from '../../support/logs.js'
import { PROOF } from '../merkle/reference.js'

const at = Date.UTC(2026, 10, 24, 12)

/** Evidence as it is stored. */
function stored(log: TestLog, code: string, detail: Record<string, unknown>): Evidence {
  const { logId: id, description, operator, url } = log
  const kind = log.kind === 'rfc6962' ? 'rfc6962' : 'static-ct'
  const info = { id, description, operator, kind, url } as const
  const record = { key: log.key, origin: kind === 'static-ct' ? log.origin : undefined, ...detail }
  return { log: info, code, message: 'what it did; evidence stored', detail: record, recordedAt: at }
}

const twoRoots = (log: TestLog, a: SignedHead, b: SignedHead) =>
  evidenceToJSON(
    stored(log, 'CT_HEAD_CONFLICT', {
      error: { expected: Buffer.from(a.rootHash).toString('hex') },
      verifiedHead: headRecord(a),
      head: headRecord(b),
    }),
  )

/** A log of 20 entries, one of 20 and one of 30 that are forks of it, all signed with its key. */
let log: TestLog
let heads: { first: SignedHead; twin: SignedHead; fork: SignedHead; later: SignedHead; smaller: SignedHead }
let forkProof: (first: number) => Uint8Array[]
let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ct-stream-evidence-'))
  const made = await logOf(20, { kind: 'rfc6962' })
  log = made
  const first = made.head
  const twin = made.fork(12)
  twin.add(certificates(8))
  const fork = made.fork(12)
  fork.add(certificates(18))
  const forkHead = fork.publish()
  const answer = async (from: number) => {
    const fault = made.fault({ on: '*', from: fork })
    const reply = await fetch(`${made.url}ct/v1/get-sth-consistency?first=${from}&second=30`)
    fault.clear()
    return ((await reply.json()) as { consistency: string[] }).consistency.map((hash) => Buffer.from(hash, 'base64'))
  }
  const proofs = new Map([
    [20, await answer(20)],
    [16, await answer(16)],
  ])
  forkProof = (from) => proofs.get(from) ?? []
  const later = made.publishAt(first.timestamp + 600_000)
  const smallerFork = made.fork(12)
  heads = { first, twin: twin.publish(), fork: forkHead, later, smaller: smallerFork.publish() }
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const verdictOf = (document: unknown) => {
  const { holds, proves, problems } = verifyEvidence(document)
  return { holds, proves, problems }
}
const contradiction = { holds: true, proves: 'log-signed-contradiction', problems: [] }

describe('verifyEvidence', () => {
  it('proves two roots of one size by signatures that openssl verifies, too', () => {
    const document = twoRoots(log, heads.first, heads.twin)
    expect(document.kind).toBe('two-roots')
    expect(verdictOf(document)).toEqual(contradiction)
    expect(verifyEvidence(JSON.stringify(document)).verdict).toMatch(
      /^proven by the log's own signatures: .* signed two different trees of 20 entries, at 20/,
    )
    expect(document.heads).toHaveLength(2)
    for (const head of document.heads) expect(opensslSays(document, head)).toBe('Verified OK\n')
    const [a, b] = document.heads as [EvidenceJson['heads'][number], EvidenceJson['heads'][number]]
    expect(() => opensslSays(document, { ...a, signed: b.signed })).toThrow()
    // TreeHeadSignature of RFC 6962 section 3.5, by hand: version, type, timestamp, size, root.
    const signed = Buffer.from(a.signed, 'base64')
    expect([signed.length, signed[0], signed[1]]).toEqual([50, 0, 1])
    expect([Number(signed.readBigUInt64BE(2)), Number(signed.readBigUInt64BE(10))]).toEqual([a.timestamp, a.tree_size])
    expect(signed.subarray(18).toString('base64')).toBe(a.sha256_root_hash)
  })

  it('proves a fork by the consistency proof of the other tree', () => {
    const document = evidenceToJSON(
      stored(log, 'CT_HEAD_CONFLICT', {
        verifiedHead: headRecord(heads.first),
        head: headRecord(heads.fork),
        proof: forkProof(20).map(toBase64),
      }),
    )
    expect([document.kind, document.proof?.first, document.proof?.second]).toEqual(['fork', 20, 30])
    expect(verdictOf(document)).toEqual(contradiction)
    // Without the proof it is the recorder's word.
    const without = evidenceToJSON(
      stored(log, 'CT_HEAD_CONFLICT', { verifiedHead: headRecord(heads.first), head: headRecord(heads.fork) }),
    )
    expect(verifyEvidence(without)).toMatchObject({ holds: true, proves: 'observed-only' })
    expect(verifyEvidence(without).unproven).toHaveLength(1)
  })

  it('does not take honest heads for a contradiction, whatever the document claims', async () => {
    const honest = await logOf(20, { kind: 'rfc6962' })
    const small = honest.head
    honest.add(certificates(10))
    const large = honest.publish()
    const leaves = Array.from({ length: 30 }, (_, i) => honest.entry(i).leafInput)
    const proof = PROOF(20, leaves).map(toBase64)
    const document = evidenceToJSON(
      stored(honest, 'CT_HEAD_CONFLICT', { verifiedHead: headRecord(small), head: headRecord(large), proof }),
    )
    expect(verdictOf(document)).toMatchObject({
      holds: false,
      problems: ['the proof leads to the root of the smaller head: the trees agree'],
    })
    const made = { ...document, kind: 'two-roots' as const, proof: null }
    expect(verdictOf(sealedEvidence(made)).problems).toContain('the heads are of 20 and 30 entries, not of one size')
    const swapped = { ...document, kind: 'rollback' as const, proof: null }
    expect(verdictOf(sealedEvidence(swapped)).problems).toContain(
      'the smaller head is not the later one: it may be an old copy',
    )
    const firstRoot = toBase64(new Uint8Array(32).fill(9))
    const forged = { ...document, proof: { ...(document.proof as object), firstRoot } as EvidenceJson['proof'] }
    expect(verdictOf(sealedEvidence(forged)).problems).toContain('the proof does not lead to its `firstRoot`')
  })

  it('proves a rollback where the smaller head is the later one, of RFC 6962 logs five minutes later', async () => {
    const document = (smaller: SignedHead, larger: SignedHead, of: TestLog = log) =>
      evidenceToJSON(stored(of, 'CT_HEAD_ROLLBACK', { verifiedHead: headRecord(larger), head: headRecord(smaller) }))
    // Signed after the larger one, but within the time that a front end may lag behind.
    const soon = document(heads.smaller, heads.first)
    expect(soon.kind).toBe('rollback')
    expect(verdictOf(soon)).toEqual({ holds: true, proves: 'observed-only', problems: [] })
    const tiled = await logOf(20, { kind: 'static-ct' })
    const large = tiled.publishAt(tiled.head.timestamp - 5000)
    const small = tiled.fork(12).publish()
    expect(verdictOf(document(small, large, tiled))).toEqual(contradiction)
    // An old copy is no rollback.
    const old = document(heads.smaller, { ...heads.later })
    expect([old.kind, verifyEvidence(old).proves]).toEqual(['other', 'observed-only'])
  })

  it('refuses heads that the log did not sign, keys that are not its own, and says so', async () => {
    const stranger = await logOf(1, { kind: 'rfc6962' })
    const document = twoRoots(log, heads.first, { ...heads.twin, timestamp: heads.twin.timestamp + 1 })
    expect(verdictOf(document).problems.join()).toMatch(/head \d, of 20 entries, is not signed by the log/)
    const other = sealedEvidence({ ...document, log: { ...document.log, key: stranger.key } })
    expect(verdictOf(other).problems).toContain('its key is not that of the log: its SHA-256 is not the log id')
    const keyless = evidenceToJSON({
      ...stored(log, 'CT_HEAD_CONFLICT', { verifiedHead: headRecord(heads.first), head: headRecord(heads.twin) }),
    })
    const bare = sealedEvidence({ ...keyless, log: { ...keyless.log, key: null } })
    expect(verdictOf(bare).problems.join()).toContain('has no key of the log, and none was given')
    expect(verifyEvidence(bare, { key: log.key }).holds).toBe(true)
    expect(verifyEvidence(bare, { key: stranger.key }).problems.join()).toContain(
      'the key given is not that of the log',
    )
    expect(() => verifyEvidence(bare, { key: 'AAAA' })).toThrow(/key of a log/)
  })

  it('fails for each byte that is altered', () => {
    const text = `${JSON.stringify(twoRoots(log, heads.first, heads.twin))}`
    const bytes = new TextEncoder().encode(text)
    fc.assert(
      fc.property(fc.nat(bytes.length - 1), fc.integer({ min: 1, max: 255 }), (place, change) => {
        const altered = Uint8Array.from(bytes)
        altered[place] = (altered[place] as number) ^ change
        expect(holds(altered)).toBe(false)
      }),
      { numRuns: 1500 },
    )
    // One bit of every byte.
    for (let place = 0; place < bytes.length; place++) {
      const altered = Uint8Array.from(bytes)
      altered[place] = (altered[place] as number) ^ 1
      expect([place, holds(altered)]).toEqual([place, false])
    }
    expect(holds(bytes)).toBe(true)
    expect(holds(bytes.subarray(0, -1))).toBe(false)
  })

  it('knows damage from a document that was laid out anew', () => {
    const document = twoRoots(log, heads.first, heads.twin)
    expect(verifyEvidence(JSON.stringify(document, null, 2)).holds).toBe(true)
    const turned = Object.fromEntries(Object.entries(document).reverse())
    expect(verifyEvidence(JSON.stringify(turned)).holds).toBe(true)
    expect(verdictOf({ ...document, claim: 'something else' }).problems).toEqual([
      'the document was changed after it was written: its SHA-256 is another',
    ])
  })

  it.each([
    ['nothing', ''],
    ['no JSON', '{'],
    ['another document', '{"format":"x"}'],
    ['a newer version', '{"format":"ct-stream evidence","version":2}'],
    ['an array', '[]'],
    ['what nests deep', '['.repeat(100_000)],
    ['more than 4 MiB', ' '.repeat(4 * 1024 * 1024 + 1)],
    ['what is not UTF-8', Uint8Array.of(0x22, 0xff, 0x22)],
    ['null', null],
    ['a function', () => {}],
    ['a cycle', cycle()],
  ])('refuses %s in a word', (_, input) => {
    try {
      verifyEvidence(input)
      expect.unreachable()
    } catch (error) {
      expect(CtStreamError.is(error) && error.code).toBe('CT_EVIDENCE_INVALID')
      expect((error as Error).message.length).toBeLessThan(200)
    }
  })

  it('reads whatever is put into a document without a foreign error', () => {
    const document = twoRoots(log, heads.first, heads.twin)
    const paths = [
      'kind',
      'claim',
      'log',
      'heads',
      'proof',
      'entries',
      'answer',
      'listedRoot',
      'recordedAt',
      'since',
      'sha256',
    ]
    fc.assert(
      fc.property(fc.constantFrom(...paths), fc.anything(), (path, value) => {
        try {
          expect(verifyEvidence({ ...document, [path]: value }).holds).toBe(
            JSON.stringify(value) === JSON.stringify(document[path as keyof EvidenceJson]),
          )
        } catch (error) {
          expect(CtStreamError.is(error) && error.code).toBe('CT_EVIDENCE_INVALID')
        }
      }),
      { numRuns: 2000 },
    )
  })
})

describe('evidenceToJSON', () => {
  it('takes records of the previous form', () => {
    const { detail, ...record } = stored(log, 'CT_ROOT_MISMATCH', {
      error: { code: 'CT_ROOT_MISMATCH' },
      head: headRecord(heads.first),
      provenRange: { size: 0, hashes: [] },
      leafHashes: Array.from({ length: 20 }, (_, i) => toBase64(log.leafHash(i === 7 ? 8 : i))),
    })
    const { key: _, ...old } = detail
    const document = evidenceToJSON({ ...record, detail: old }, { key: log.key })
    expect(document).toMatchObject({
      kind: 'wrong-entries',
      claim: 'what it did',
      since: null,
      entries: { complete: true },
    })
    expect(verdictOf(document)).toEqual({ holds: true, proves: 'observed-only', problems: [] })
    const honest = { ...old, leafHashes: Array.from({ length: 20 }, (_, i) => toBase64(log.leafHash(i))) }
    expect(verdictOf(evidenceToJSON({ ...record, detail: honest }, { key: log.key })).problems).toEqual([
      'the entries are those of the tree that was signed',
    ])
  })

  it('makes a document of any record that names a log', () => {
    fc.assert(
      fc.property(fc.anything(), fc.string(), fc.string(), (detail, code, message) => {
        const record = { ...stored(log, code, {}), message, detail: detail as Evidence['detail'] }
        expect(verifyEvidence(JSON.stringify(evidenceToJSON(record, { key: log.key }))).kind).toBe('other')
      }),
      { numRuns: 500 },
    )
    expect(() => evidenceToJSON({ ...stored(log, 'X', {}), log: { ...stored(log, 'X', {}).log, id: 'one' } })).toThrow(
      'the evidence names no log: its id is "one"',
    )
  })
})

function holds(document: Uint8Array): boolean {
  try {
    return verifyEvidence(document).holds
  } catch (error) {
    expect(CtStreamError.is(error)).toBe(true)
    return false
  }
}

/** What openssl says of a head's signature, with nothing but what the document has. */
function opensslSays(document: EvidenceJson, head: EvidenceJson['heads'][number]): string {
  const path = (name: string) => join(folder, name)
  writeFileSync(path('key.der'), Buffer.from(document.log.key ?? '', 'base64'))
  writeFileSync(path('signed'), Buffer.from(head.signed, 'base64'))
  // Two bytes of algorithms, two of length.
  writeFileSync(path('signature'), Buffer.from(head.tree_head_signature, 'base64').subarray(4))
  execFileSync('openssl', ['pkey', '-pubin', '-inform', 'DER', '-in', path('key.der'), '-out', path('key.pem')])
  const flags = ['-verify', path('key.pem'), '-signature', path('signature'), path('signed')]
  return execFileSync('openssl', ['dgst', '-sha256', ...flags], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] })
}

function cycle(): object {
  const one: Record<string, unknown> = { format: 'ct-stream evidence', version: 1 }
  one.log = one
  return one
}
