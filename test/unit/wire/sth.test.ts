import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { LogKey, verifyHead } from '../../../src/wire/head-signature.js'
import { parseGetSth, treeHeadSignatureInput } from '../../../src/wire/sth.js'
import { describeReal, realBytes, realJson } from '../../real-data.js'
import { base64, code, hex, testKey, toBase64, toHex, utf8 } from './samples.js'

const answer = {
  tree_size: 90785920,
  timestamp: 1588741228371,
  sha256_root_hash: 'l+XrWXWRyp4SmATORgTfz4CcYS/VlE7CeTuWI0FAk3o=',
  tree_head_signature:
    'BAMASDBGAiEAnaHGuwnyyHWvrfgEn3qtl1j2heMzocku6ZAItYD75m8CIQCpotlpH5GEPEfMMzky72BCuIl14FB65t5SWZ91vgTQOg==',
}
const key =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAESYlKFDLLFmA9JScaiaNnqlU8oWDytxIYMfswHy9Esg0aiX+WnP/yj4O0ViEHtLwbmOQeSWBGkIu9YK9CLeer+g=='
const json = (value: unknown) => utf8(JSON.stringify(value))

describe('get-sth', () => {
  it('parses and verifies a head of a real log', () => {
    const head = parseGetSth(json(answer))
    expect(head).toEqual({
      treeSize: 90785920,
      timestamp: 1588741228371,
      rootHash: base64(answer.sha256_root_hash),
      signature: base64(answer.tree_head_signature),
    })
    const logKey = new LogKey(key)
    expect(logKey.id).toBe('wRZK4Kdy0tQ5LcgKwQdw1PDEm96ZGkhAwfoHUWT2M2A=')
    expect(logKey.algorithm).toBe('ecdsa')
    verifyHead(head, logKey)
  })

  it('signs the 50 bytes of TreeHeadSignature', () => {
    const input = treeHeadSignatureInput({
      timestamp: 1767139200000,
      treeSize: 300,
      rootHash: hex('942907529926541126b36af64f52ba3a0ebdfb052eb8ddcc2045b5fdeceedafd'),
    })
    expect(toHex(input)).toBe(
      '00010000019b71b44c00000000000000012c942907529926541126b36af64f52ba3a0ebdfb052eb8ddcc2045b5fdeceedafd',
    )
  })

  it('refuses any other structure, quoting its beginning', () => {
    const bad: Record<string, unknown>[] = [
      { ...answer, tree_size: '90785920' },
      { ...answer, tree_size: -1 },
      { ...answer, tree_size: 1.5 },
      { ...answer, tree_size: 2 ** 53 },
      { ...answer, tree_size: undefined },
      { ...answer, timestamp: null },
      { ...answer, timestamp: 1e300 },
      { ...answer, sha256_root_hash: 'l+XrWXWRyp4SmATORgTfz4CcYS/VlE7CeTuWI0FAk3o' },
      { ...answer, sha256_root_hash: 'l-XrWXWRyp4SmATORgTfz4CcYS_VlE7CeTuWI0FAk3o=' },
      { ...answer, sha256_root_hash: 'l+XrWXWRyp4SmATORgTfz4CcYS/VlE7CeTuWI0FA' },
      { ...answer, sha256_root_hash: 5 },
      { ...answer, tree_head_signature: '' },
      { ...answer, tree_head_signature: 'BAMASDBG' },
      { ...answer, tree_head_signature: toBase64(new Uint8Array([...base64(answer.tree_head_signature), 0])) },
    ]
    const bodies = [
      ...bad.map(json),
      utf8(''),
      utf8('null'),
      utf8('[]'),
      utf8('<html>'),
      json(answer).slice(0, -1),
      Uint8Array.of(0xff),
    ]
    for (const body of bodies)
      expect([code(() => parseGetSth(body)), toHex(body)]).toEqual(['CT_RESPONSE_MALFORMED', toHex(body)])
    try {
      parseGetSth(utf8('<html>\n<title>503'))
      expect.unreachable()
    } catch (error) {
      expect(CtStreamError.is(error) && error.retryable && error.code === 'CT_RESPONSE_MALFORMED').toBe(true)
      expect((error as Error).message).toContain('"<html>\\n<title>503"')
    }
  })

  it('refuses every bad answer of certificate-transparency-go that is one of get-sth', () => {
    const digest = { tree_size: 228163, timestamp: 1507127718502 }
    const bad = [
      { ...digest, sha256_root_hash: 'bogus', tree_head_signature: 'Z29vZA==' },
      { ...digest, sha256_root_hash: 'bbbb', tree_head_signature: 'bbbb' },
      { ...digest, sha256_root_hash: 'tncuLXiPAo711IOxjaYTwLmwbSyyE8hEcRhaOXvFb3g=', tree_head_signature: 'Z29vZA==' },
    ]
    for (const value of bad) expect(code(() => parseGetSth(json(value)))).toBe('CT_RESPONSE_MALFORMED')
  })
})

describe('verifyHead', () => {
  const head = parseGetSth(json(answer))
  const logKey = new LogKey(key)

  it('refuses a head of which any field is changed', () => {
    const changed = [
      { ...head, treeSize: head.treeSize + 1 },
      { ...head, timestamp: head.timestamp + 1 },
      { ...head, rootHash: new Uint8Array(32) },
    ]
    for (const value of changed) expect(code(() => verifyHead(value, logKey))).toBe('CT_HEAD_SIGNATURE')
    expect(code(() => verifyHead(head, testKey().key))).toBe('CT_HEAD_SIGNATURE')
  })

  it("refuses another hash, an algorithm that is not the key's, and bytes before, after or missing", () => {
    const { signature } = head
    const changed = (at: number, value: number) => Object.assign(signature.slice(), { [at]: value })
    const refused = [
      changed(0, 2),
      changed(0, 5),
      changed(1, 1),
      changed(1, 0),
      changed(3, 0x47),
      new Uint8Array([...signature, 0]),
      signature.slice(0, -1),
      signature.slice(0, 3),
      signature.slice(4),
      new Uint8Array(0),
      changed(10, 0xff),
      Uint8Array.of(4, 3, 0, 0),
    ]
    for (const value of refused)
      expect([toHex(value), code(() => verifyHead({ ...head, signature: value }, logKey))]).toEqual([
        toHex(value),
        'CT_HEAD_SIGNATURE',
      ])
  })

  it('verifies RSA, and keeps its algorithm apart from ECDSA', () => {
    const { key, digitallySign } = testKey('rsa')
    expect(key.algorithm).toBe('rsa')
    const signature = digitallySign(treeHeadSignatureInput(head))
    verifyHead({ ...head, signature }, key)
    signature[1] = 3
    expect(code(() => verifyHead({ ...head, signature }, key))).toBe('CT_HEAD_SIGNATURE')
  })
})

describe('LogKey', () => {
  it('refuses keys that logs may not have', () => {
    const der = base64(key)
    const bad = [
      '',
      'not base64',
      key.slice(0, -4),
      new Uint8Array([...der, 0]),
      der.slice(0, 50),
      // Ed25519, and P-384.
      'MCowBQYDK2VwAyEARN4KXLGKQrfUUGU1zwbFvEN1AckVY76d4CnuNRc20vI=',
      'MHYwEAYHKoZIzj0CAQYFK4EEACIDYgAEC1uWSXj2czCDwMTLWV5BFmwxdM6PX9p+Pk9Yf9rIf374m5XP1U8q79dBhLSIuaojsvOT39UUcPJROSD1FqYLued0rXiooIii1D3jaW6pmGVJFhodzC31cy5sfOYotrzF',
    ]
    for (const value of bad) expect(code(() => new LogKey(value))).toBe('CT_OPTION_INVALID')
  })
})

interface SthFile {
  log: { key: string; log_id: string }
  sth: Record<string, unknown>
}

describeReal('real heads', () => {
  const google = (name: string) => ['google+certificate-transparency-go', 'extracted', name]
  const files = [
    google('sth-aviator-8285157.json'),
    google('sth-aviator-8285192.json'),
    google('sth-aviator-final-46466472.json'),
    google('sth-gossip-minimal-7834486.json'),
    google('sth-history-46466472.json'),
    google('sth-logclient-3721782.json'),
    ['fotisl+ctutils', 'extracted', 'sth-argon2018-170761442.json'],
    ['fotisl+ctutils', 'extracted', 'sth-rsa-venafi-90161.json'],
    ...['h1-1425614114', 'h1-1425633154', 'h2-1329315675'].map((n) => [
      'Sawchord+luct',
      'extracted',
      `sth-argon2025${n}.json`,
    ]),
  ]

  it('verify with the key of their log', () => {
    const check = (log: SthFile['log'], sth: unknown) => {
      const logKey = new LogKey(log.key)
      expect(logKey.id).toBe(log.log_id)
      const head = parseGetSth(json(sth))
      verifyHead(head, logKey)
      expect(code(() => verifyHead({ ...head, timestamp: head.timestamp - 1 }, logKey))).toBe('CT_HEAD_SIGNATURE')
    }
    for (const path of files) {
      const { log, sth } = realJson<SthFile>(...path)
      check(log, sth)
    }
    const pair = realJson<SthFile & { first: unknown; second: unknown }>(
      'fotisl+ctutils',
      'extracted',
      'sth-pair-consistent.json',
    )
    check(pair.log, pair.first)
    check(pair.log, pair.second)
    const http = ['cloudflare+azul', 'crates', 'tlog_tiles', 'tests', 'http_get']
    check(realJson('cloudflare+azul', 'extracted', 'argon2020.key.json'), realJson(...http, 'get-sth'))
  })

  it("verifies the head of the RFC authors' test vectors", () => {
    const { sth, ec256_public_key_pem } = realJson<{
      sth: { timestamp: number; tree_size: number; root_hash_hex: string; signature_hex: string }
      ec256_public_key_pem: string
    }>(...google('signature-vectors.json'))
    const pem = ec256_public_key_pem.replace(/-----[A-Z ]+-----|\n/g, '')
    const head = {
      treeSize: sth.tree_size,
      timestamp: sth.timestamp,
      rootHash: hex(sth.root_hash_hex),
      signature: hex(sth.signature_hex),
    }
    verifyHead(head, new LogKey(pem))
  })

  it('refuses the placeholder signature of the four-entry log', () => {
    const head = parseGetSth(realBytes(...google('scanner-four-entries.get-sth.json')))
    expect(head.treeSize).toBe(4)
    const { log } = realJson<SthFile>(...google('sth-logclient-3721782.json'))
    expect(code(() => verifyHead(head, new LogKey(log.key)))).toBe('CT_HEAD_SIGNATURE')
  })

  it("knows the log id of every key in Chrome's and Apple's lists", () => {
    let count = 0
    const walk = (value: unknown): void => {
      if (typeof value !== 'object' || value === null) return
      const { key, log_id } = value as { key?: unknown; log_id?: unknown }
      if (typeof key === 'string' && typeof log_id === 'string') {
        expect(new LogKey(key).id).toBe(log_id)
        count++
      }
      Object.values(value).forEach(walk)
    }
    walk(realJson('x-stp+rxtls', 'all_logs_list.json'))
    expect(count).toBeGreaterThan(100)
  })
})
