import { createHash, generateKeyPairSync, type KeyPairKeyObjectResult } from 'node:crypto'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { MAX_LIST_BYTES } from '../../../src/loglist/defaults.js'
import { parseList, parseListBytes } from '../../../src/loglist/schema.js'
import { describeReal, realBytes, realJson } from '../../real-data.js'
import {
  appleLists,
  bytesOf,
  chromeAllLists,
  chromeLists,
  crtshLists,
  type LogJson,
  listJson,
  local,
  mimicList,
  mozillaLists,
  onlyEntry,
  realList,
  remote,
  rfc6962Json,
  staticJson,
  testId,
  unsignedChromeLists,
} from './lists.js'

const parse = (json: unknown, rule: { remote: boolean; allowHttp: boolean } = remote) =>
  parseList(json, { ...rule, name: 'test' })
const spki = ({ publicKey }: KeyPairKeyObjectResult) => publicKey.export({ format: 'der', type: 'spki' })
/** A log with this key, and the id that belongs to it. */
const keyedJson = (key: Buffer) =>
  rfc6962Json(3, { key: key.toString('base64'), log_id: createHash('sha256').update(key).digest('base64') })
const withLog = (log: unknown) => listJson({ name: 'Test CA', logs: [log] })

/** A second reading of a list, straight from its JSON. */
function rawLogs(path: string) {
  type Raw = { operators: { name: string; logs?: LogJson[]; tiled_logs?: LogJson[] }[] }
  return realJson<Raw>(path).operators.flatMap(({ name, logs = [], tiled_logs = [] }) =>
    [...logs, ...tiled_logs].map((log) => ({ operator: name, ...log }) as LogJson & { operator: string }),
  )
}

describeReal('parseListBytes on published lists', () => {
  const chrome = [...chromeAllLists, ...chromeLists, ...unsignedChromeLists]

  it('has all lists to look at', () => {
    expect([chrome.length, appleLists.length, mozillaLists.length, crtshLists.length]).toEqual([38, 3, 5, 4])
  })

  it.each([...chrome, ...appleLists])('%s: every log, as the JSON has it', (path) => {
    const list = realList(path)
    const placeholders = list.problems.filter(({ kind }) => kind === 'placeholder')
    const skipped = list.problems.filter(({ kind }) => kind === 'skipped')
    // The only real log Chrome lists without https is one that was rejected long ago.
    for (const { message } of skipped) expect(message).toBe('url is "http://ctlog.sheca.com/": not https')
    expect(list.problems.filter(({ kind }) => kind === 'noted')).toEqual([])

    const raw = rawLogs(path)
    expect(list.entries.size + placeholders.length + skipped.length).toBe(raw.length)
    for (const log of raw) {
      const id = createHash('sha256')
        .update(Buffer.from(log.key as string, 'base64'))
        .digest('base64')
      const entry = list.entries.get(id)
      if (entry === undefined) continue
      expect(entry).toMatchObject({
        id: log.log_id,
        key: log.key,
        operator: log.operator,
        description: log.description,
        mmd: log.mmd,
        logType: log.log_type,
        state: Object.keys(log.state ?? { unlisted: {} })[0],
      })
      const url = log.url ?? log.monitoring_url
      expect(entry.address?.kind === 'rfc6962' ? entry.address.url : entry.address?.monitoringUrl).toBe(url)
    }
  })

  it('leaves out the two placeholders of the newest list and nothing else', () => {
    const { problems, entries, timestamp, version } = realList(chromeAllLists.at(-1) as string)
    expect(problems.map(({ kind }) => kind)).toEqual(['placeholder', 'placeholder'])
    expect(entries.size).toBe(110)
    expect([version, timestamp]).toEqual(['89.22', new Date('2026-08-17T13:38:27Z')])
  })

  it('reads final tree heads: Aviator stopped at 46466472', () => {
    const list = realList('google+certificate-transparency-go/testdata/loglist3.json')
    expect(list.entries.get('aPaY+B9kgr46jO65KB1M/HFRXWeT1ETRCmesu09P+8Q=')).toMatchObject({
      state: 'readonly',
      stateSince: new Date('2016-11-30T13:24:18.330Z'),
      finalTreeHead: {
        treeSize: 46466472,
        rootHash: new Uint8Array(Buffer.from('LcGcZRsm+LGYmrlyC5LXhV1T6OD8iH5dNlb0sEJl9bA=', 'base64')),
      },
    })
    // Its key is 64 arbitrary bytes; the other five logs are not lost over it.
    expect(list.problems).toEqual([
      expect.objectContaining({ kind: 'skipped', log: '7kEv4llINIlh4vPgjGgugT7A/3cLbXUXF2OvMBT/l2g=' }),
    ])
    expect(list.entries.size).toBe(5)
  })

  it.each(mozillaLists)('%s: knows logs, but not where they are; usable is later than qualified', (path) => {
    const list = realList(path)
    // Chrome's placeholders are among them, without their addresses.
    for (const { kind } of list.problems) expect(kind).toBe('placeholder')
    expect(list.entries.size + list.problems.length).toBe(rawLogs(path).length)
    const states = new Set([...list.entries.values()].map(({ state }) => state))
    expect([...states].filter((state) => state !== 'retired')).toEqual(['usable'])
    for (const entry of list.entries.values()) expect([entry.address, entry.mmd]).toEqual([undefined, undefined])
  })

  it.each(crtshLists)('%s: no states, URLs without a slash at the end', (path) => {
    const list = realList(path)
    for (const { kind, message } of list.problems)
      expect([kind, message]).toEqual(['skipped', expect.stringMatching(/not https/)])
    expect(list.entries.size + list.problems.length).toBe(rawLogs(path).length)
    for (const { state, address } of list.entries.values()) {
      expect(state).toBe('unlisted')
      expect(address?.kind === 'rfc6962' ? address.url : address?.monitoringUrl).toMatch(/\/$/)
    }
  })

  it('reads the old lists of other libraries', () => {
    const babylon =
      'babylonhealth+certificate-transparency-android/certificatetransparency/src/test/resources/testdata/loglist/log_list.json'
    expect([realList(babylon).entries.size, realList(babylon).problems]).toEqual([41, []])
    const appmattus = 'appmattus+certificatetransparency/certificatetransparency/src/test/resources/testdata/loglist'
    expect(realList(`${appmattus}/log_list.json`).entries.size).toBe(29)
    const nameless = realList(`${appmattus}/log_list_no_operator_name.json`)
    expect(nameless.entries.size).toBe(29)
    expect([...nameless.entries.values()].filter(({ operator }) => operator === undefined).length).toBeGreaterThan(0)
  })

  it('finds no log among mimics', () => {
    const list = realList(mimicList)
    expect(list.entries.size).toBe(0)
    expect(list.problems.map(({ kind }) => kind)).toEqual(['placeholder', 'placeholder'])
  })
})

describe('parseList', () => {
  it('reads both kinds', () => {
    const json = listJson({
      name: 'Test CA',
      logs: [
        rfc6962Json(0, {
          state: {
            readonly: {
              timestamp: '2026-02-03T04:05:06+01:00',
              final_tree_head: { tree_size: 2 ** 33, sha256_root_hash: testId(5) },
            },
          },
          temporal_interval: { start_inclusive: '2026-01-01T00:00:00Z', end_exclusive: '2026-07-01T00:00:00Z' },
        }),
      ],
      tiled_logs: [staticJson(1, { log_type: 'test', state: undefined, description: undefined })],
    })
    const list = parse(json)
    expect(list.problems).toEqual([])
    expect([...list.entries.values()]).toEqual([
      expect.objectContaining({
        id: testId(0),
        kind: 'rfc6962',
        address: { kind: 'rfc6962', url: 'https://ct0.logs.test-ca.org/' },
        operator: 'Test CA',
        mmd: 86400,
        state: 'readonly',
        stateSince: new Date('2026-02-03T03:05:06Z'),
        finalTreeHead: { treeSize: 2 ** 33, rootHash: new Uint8Array(Buffer.from(testId(5), 'base64')) },
        temporalInterval: { start: new Date('2026-01-01T00:00:00Z'), end: new Date('2026-07-01T00:00:00Z') },
      }),
      expect.objectContaining({
        id: testId(1),
        address: {
          kind: 'static-ct',
          submissionUrl: 'https://log1.logs.test-ca.org/',
          monitoringUrl: 'https://mon1.logs.test-ca.org/',
        },
        description: undefined,
        state: 'unlisted',
        logType: 'test',
      }),
    ])
  })

  const good = [rfc6962Json(0), rfc6962Json(1), rfc6962Json(2)]

  it('takes an RSA key of 2048 bits', () => {
    const list = parse(
      listJson({ name: 'A', logs: [keyedJson(spki(generateKeyPairSync('rsa', { modulusLength: 2048 })))] }),
    )
    expect([list.entries.size, list.problems]).toEqual([1, []])
  })

  it.each<[string, unknown, RegExp]>([
    ['no key', rfc6962Json(3, { key: undefined }), /^key is missing/],
    ['a key that is not base64', rfc6962Json(3, { key: 'MFkw*' }), /^key is "MFkw\*"/],
    ['another key', rfc6962Json(3, { key: rfc6962Json(4).key }), /^log_id is ".*, but SHA-256 of its key is/],
    [
      'a key on another curve',
      keyedJson(spki(generateKeyPairSync('ec', { namedCurve: 'P-384' }))),
      /^key of a log: .*ECDSA P-256 .*, not ec secp384r1$/,
    ],
    [
      'a short RSA key',
      keyedJson(spki(generateKeyPairSync('rsa', { modulusLength: 1024 }))),
      /^key of a log: .*at least 2048 bits, not rsa 1024 bits$/,
    ],
    ['a key of another kind', keyedJson(spki(generateKeyPairSync('ed25519'))), /^key of a log: .*, not ed25519$/],
    [
      'bytes after its key',
      keyedJson(Buffer.concat([spki(generateKeyPairSync('ec', { namedCurve: 'P-256' })), Buffer.of(0)])),
      /it is not DER to its last byte$/,
    ],
    ['a key that is none', keyedJson(Buffer.from('key')), /it is not a SubjectPublicKeyInfo$/],
    ['no log_id', rfc6962Json(3, { log_id: undefined }), /^log_id is missing/],
    ['a log_id that is a number', rfc6962Json(3, { log_id: 7 }), /^log_id is 7/],
    ['a URL that is a number', rfc6962Json(3, { url: 7 }), /^url is 7, not an https URL/],
    ['http', rfc6962Json(3, { url: 'http://ct.test-ca.org/' }), /not https/],
    ['another scheme', rfc6962Json(3, { url: 'file:///etc/passwd' }), /not an https URL/],
    ['a query', rfc6962Json(3, { url: 'https://ct.test-ca.org/?a=b' }), /no place in it/],
    ['a password', rfc6962Json(3, { url: 'https://a:b@ct.test-ca.org/' }), /no place in it/],
    ['an address', rfc6962Json(3, { url: 'https://93.184.216.34/' }), /not a public host/],
    ['an address in disguise', rfc6962Json(3, { url: 'https://0x7f.1/' }), /not a public host/],
    ['an IPv6 address', rfc6962Json(3, { url: 'https://[2001:db8::1]/' }), /not a public host/],
    ['localhost', rfc6962Json(3, { url: 'https://localhost/ct/' }), /not a public host/],
    ['a private name', rfc6962Json(3, { url: 'https://metadata.google.internal/' }), /not a public host/],
    ['a blank in the URL', rfc6962Json(3, { url: 'https://ct.test-ca.org/ a' }), /not an https URL/],
    ['a very long URL', rfc6962Json(3, { url: `https://ct.test-ca.org/${'a'.repeat(3000)}` }), /not an https URL/],
    [
      'half a static-ct address',
      staticJson(3, { monitoring_url: undefined, url: undefined }),
      /^monitoring_url is missing/,
    ],
    ['a log that is a string', 'log', /^is "log", not an object/],
    ['a log that is null', null, /^is null, not an object/],
    ['a log that is an array', [], /^is an array, not an object/],
    ['a log listed twice', rfc6962Json(1, { description: 'again' }), /listed twice/],
  ])('skips a log with %s, and only that one', (_, log, message) => {
    const tiled = typeof log === 'object' && log !== null && 'submission_url' in log
    const list = parse(
      listJson(
        { name: 'A', logs: good.slice(0, 2) },
        { name: 'B', [tiled ? 'tiled_logs' : 'logs']: [log] },
        { name: 'C', logs: good.slice(2) },
      ),
    )
    expect([...list.entries.keys()]).toEqual([testId(0), testId(1), testId(2)])
    expect(list.problems).toEqual([
      { list: 'test', kind: 'skipped', log: expect.any(String), message: expect.stringMatching(message) },
    ])
  })

  it.each<[string, LogJson, string, Partial<Record<string, unknown>>]>([
    ['an unknown state', { state: { frozen: { timestamp: '2026-01-01T00:00:00Z' } } }, 'state', { state: 'unlisted' }],
    ['an empty state', { state: {} }, 'state', { state: 'unlisted' }],
    ['a state that is a string', { state: 'usable' }, 'state', { state: 'unlisted' }],
    [
      'a state without time',
      { state: { usable: {} } },
      'state.usable.timestamp',
      { state: 'usable', stateSince: undefined },
    ],
    [
      'a state time that is no time',
      { state: { usable: { timestamp: '2026-13-45T00:00:00Z' } } },
      'state.usable.timestamp',
      { state: 'usable' },
    ],
    [
      'a final head without hash',
      { state: { readonly: { timestamp: '2026-01-01T00:00:00Z', final_tree_head: { tree_size: 3 } } } },
      'final_tree_head',
      { state: 'readonly', finalTreeHead: undefined },
    ],
    ['a negative mmd', { mmd: -1 }, 'mmd', { mmd: undefined }],
    ['an mmd of a century', { mmd: 3e9 }, 'mmd', { mmd: undefined }],
    ['an mmd as text', { mmd: '60' }, 'mmd', { mmd: undefined }],
    [
      'an interval that ends before it starts',
      { temporal_interval: { start_inclusive: '2027-01-01T00:00:00Z', end_exclusive: '2026-01-01T00:00:00Z' } },
      'temporal_interval',
      { temporalInterval: undefined },
    ],
    [
      'an interval of dates without time',
      { temporal_interval: { start_inclusive: '2026-01-01', end_exclusive: '2027-01-01' } },
      'temporal_interval',
      { temporalInterval: undefined },
    ],
    ['an unknown type', { log_type: 'canary' }, 'log_type', { logType: undefined }],
  ])('keeps a log with %s, and says so', (_, fields, field, expected) => {
    const list = parse(withLog(rfc6962Json(0, fields)))
    expect(onlyEntry(list)).toMatchObject(expected)
    expect(list.problems).toEqual([
      { list: 'test', kind: 'noted', log: testId(0), message: expect.stringContaining(field) },
    ])
  })

  it.each<[string, LogJson, Partial<Record<string, unknown>>]>([
    ['description', { description: undefined }, { description: undefined }],
    ['state', { state: undefined }, { state: 'unlisted' }],
    ['mmd', { mmd: undefined }, { mmd: undefined }],
    ['an unknown field', { tls_only: true, certspotter_qps: 2, __proto__x: {} }, { state: 'usable' }],
    [
      'null for a missing field',
      { description: null, mmd: null, state: null },
      { description: undefined, state: 'unlisted' },
    ],
    [
      'qualified after usable',
      { state: { usable: { timestamp: '2026-02-01T00:00:00Z' }, qualified: { timestamp: '2026-01-01T00:00:00Z' } } },
      { state: 'usable', stateSince: new Date('2026-02-01T00:00:00Z') },
    ],
    [
      'an unknown state beside a known one',
      { state: { frozen: {}, pending: { timestamp: '2026-01-01T00:00:00Z' } } },
      { state: 'pending' },
    ],
  ])('needs no %s', (_, fields, expected) => {
    const list = parse(withLog(rfc6962Json(0, fields)))
    expect(onlyEntry(list)).toMatchObject(expected)
    expect(list.problems).toEqual([])
  })

  it.each([
    ['below example.com', rfc6962Json(0, { url: 'https://ct.example.com/bogus/' })],
    ['a mimic', rfc6962Json(0, { url: 'https://ct-mimics.example.com/mimic1/' })],
    ['bogus by name', rfc6962Json(0, { description: 'Bogus RFC6962 log to avoid breaking misbehaving CT libraries' })],
  ])('leaves out a placeholder: %s', (_, log) => {
    for (const rule of [remote, local]) {
      const list = parse(listJson({ name: 'A', logs: [log, rfc6962Json(1)] }), rule)
      expect([...list.entries.keys()]).toEqual([testId(1)])
      expect(list.problems).toEqual([expect.objectContaining({ kind: 'placeholder', log: testId(0) })])
    }
  })

  it('does not take a name that only looks like an example for one', () => {
    const list = parse(withLog(rfc6962Json(0, { url: 'https://ct.myexample.com/' })))
    expect(list.problems).toEqual([])
  })

  it('lets the user name hosts of their own', () => {
    const url = (value: string) => withLog(rfc6962Json(0, { url: value }))
    const anyHttp = { remote: false, allowHttp: true }
    expect(parse(url('https://ct.corp.internal/'), local).entries.size).toBe(1)
    expect(parse(url('http://127.0.0.1:8080'), local).entries.size).toBe(1)
    expect(parse(url('http://[::1]:8080'), local).entries.size).toBe(1)
    expect(parse(url('http://127.0.0.1.evil.net/'), local).entries.size).toBe(0)
    expect(parse(url('http://ct.corp.internal/'), local).entries.size).toBe(0)
    expect(parse(url('http://ct.corp.internal/'), anyHttp).entries.size).toBe(1)
  })

  it('cleans names, which end up on terminals', () => {
    const description = `\u001b[31mred\u0007 ${'x'.repeat(1000)}`
    const entry = onlyEntry(parse(listJson({ name: 'A\r\nB', logs: [rfc6962Json(0, { description })] })))
    expect(entry.description).toMatch(/^\[31mred x+$/)
    expect(entry.description).toHaveLength(256)
    expect(entry.operator).toBe('A B')
  })

  it('survives operators of every shape', () => {
    const list = parse({
      operators: [null, 7, 'x', [], {}, { name: 3, logs: {} }, { logs: 'x', tiled_logs: [staticJson(0)] }],
    })
    expect([...list.entries.keys()]).toEqual([testId(0)])
    expect(list.problems.map(({ log }) => log)).toEqual([
      'operators[0]',
      'operators[1]',
      'operators[2]',
      'operators[3]',
      'operators[5].logs',
      'operators[6].logs',
    ])
  })

  it.each<[string, unknown, RegExp]>([
    ['a string', 'x', /no array `operators`, it is "x"/],
    ['null', null, /no array `operators`/],
    ['no operators', {}, /no array `operators`/],
    ['schema v1', { operators: [{ name: 'Google', id: 0 }], logs: [{ description: 'x' }] }, /retired schema v1 or v2/],
    ['10001 logs', listJson({ logs: Array.from({ length: 10_001 }, () => 0) }), /more than 10000 logs/],
  ])('refuses %s', (_, json, message) => {
    expect(() => parse(json)).toThrow(
      expect.objectContaining({ code: 'CT_LIST_INVALID', retryable: true, message: expect.stringMatching(message) }),
    )
  })
})

describe('parseListBytes', () => {
  const parseBytes = (bytes: Uint8Array) =>
    parseListBytes(bytes, { ...remote, name: 'https://lists.test-ca.org/all.json' })

  it.each<[string, Uint8Array, RegExp]>([
    ['nothing', new Uint8Array(), /is not JSON; it is 0 bytes/],
    ['an HTML page', Buffer.from('<!DOCTYPE html><title>502</title>'), /starts with "<!DOCTYPE html>/],
    ['a list cut short', bytesOf(withLog(rfc6962Json(0))).subarray(0, 200), /is not JSON/],
    ['bytes that are not UTF-8', Buffer.from([0x22, 0xff, 0x22]), /is not JSON/],
    ['too many bytes', new Uint8Array(MAX_LIST_BYTES + 1), /more than 8388608/],
    ['deep nesting', Buffer.from('['.repeat(200_000)), /nests deeper than 32/],
  ])('refuses %s', (_, bytes, message) => {
    expect(() => parseBytes(bytes)).toThrow(
      expect.objectContaining({
        code: 'CT_LIST_INVALID',
        url: 'https://lists.test-ca.org/all.json',
        message: expect.stringMatching(message),
      }),
    )
  })

  it('reads a list with a byte order mark', () => {
    const bytes = Buffer.concat([Buffer.from('\ufeff'), bytesOf(withLog(rfc6962Json(0)))])
    expect(parseBytes(bytes).entries.size).toBe(1)
  })
})

/** Parses, and lets only our own refusal pass; returns how many logs came out. */
function survives(bytes: Uint8Array): number {
  try {
    return parseListBytes(bytes, { ...remote, name: 'mutated' }).entries.size
  } catch (error) {
    if (CtStreamError.is(error) && error.code === 'CT_LIST_INVALID') return -1
    throw error
  }
}

describe('whatever the bytes', () => {
  it('no JSON value raises a foreign error', () => {
    const value = fc.jsonValue({ maxDepth: 4 })
    const log = fc.record(
      Object.fromEntries(
        [...Object.keys(rfc6962Json(0)), 'submission_url', 'monitoring_url', 'temporal_interval', 'log_type'].map(
          (field) => [
            field,
            fc.oneof(
              { weight: 3, arbitrary: fc.constant((rfc6962Json(0) as LogJson)[field]) },
              { weight: 1, arbitrary: value },
            ),
          ],
        ),
      ),
      { requiredKeys: [] },
    )
    const logs = fc.oneof({ weight: 8, arbitrary: fc.array(fc.oneof(log, value), { maxLength: 4 }) }, value)
    const operator = fc.oneof(fc.record({ name: value, logs, tiled_logs: logs }, { requiredKeys: [] }), value)
    fc.assert(
      fc.property(
        fc.array(operator),
        value,
        (operators, top) => survives(bytesOf({ operators, version: top, log_list_timestamp: top })) >= 0,
      ),
    )
  })

  it('one bad log never costs another one', () => {
    const good = [rfc6962Json(0), rfc6962Json(1), rfc6962Json(2)]
    const fields = Object.keys(rfc6962Json(3))
    fc.assert(
      fc.property(fc.constantFrom(...fields), fc.jsonValue(), fc.nat({ max: 3 }), (field, value, at) => {
        const logs = good.toSpliced(at, 0, rfc6962Json(3, { [field]: value }))
        const { entries } = parse(listJson({ name: 'A', logs }))
        return [0, 1, 2].every((n) => entries.has(testId(n)))
      }),
    )
  })
})

describeReal('whatever happens to a published list', () => {
  it('no mutation raises a foreign error', () => {
    const original = realBytes(appleLists.at(-1) as string)
    const mutation = fc.record({
      at: fc.nat({ max: original.length - 1 }),
      cut: fc.oneof(fc.constant(0), fc.nat({ max: 300 })),
      put: fc.oneof(
        fc.uint8Array({ maxLength: 8 }),
        fc.constantFrom('null', '{}', '[]', '"', '0', '-1e999').map((s) => Buffer.from(s)),
        // Most of a list is strings: there it stays JSON.
        fc.constantFrom('A', ' ').map((s) => Buffer.from(s)),
      ),
    })
    let read = 0
    fc.assert(
      fc.property(fc.array(mutation, { minLength: 1, maxLength: 3 }), (mutations) => {
        const mutated = mutations.reduce<Uint8Array>(
          (bytes, { at, cut, put }) => Buffer.concat([bytes.subarray(0, at), put, bytes.subarray(at + cut)]),
          original,
        )
        if (survives(mutated) > 0) read++
      }),
      { numRuns: 150 },
    )
    expect(read).toBeGreaterThan(0)
  })
})
