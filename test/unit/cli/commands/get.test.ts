import { createHash, X509Certificate } from 'node:crypto'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { decodeCursor } from '../../../../src/stream/cursor.js'
import type { TestLog } from '../../../../src/testing/index.js'
import { defaultFormats } from '../default-format.js'
import { type EmbeddedLogs, embeddedLogs, runWith } from '../embedded.js'
import { sink } from '../sample-io.js'

let logs: EmbeddedLogs
beforeAll(async () => {
  logs = await embeddedLogs()
})
afterAll(() => logs.close())
afterEach(() => {
  logs.classic.clearFaults()
  logs.tiled.clearFaults()
})

const get = (...argv: string[]) =>
  runWith(['get', ...argv, '--log-list', 'list.json', '--no-checkpoint'], { files: { 'list.json': logs.list } })
const byKey = ({ key, kind, url, submissionUrl }: TestLog, ...argv: string[]) => {
  const static_ = kind === 'static-ct' ? ['--submission-url', submissionUrl] : []
  return runWith(['get', '--log', url, '--key', key, ...static_, ...argv])
}
const key =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEsTMF3eyeG51+HmRekqU1ScJNFOAeIDCV03xMGes1OUB8kCiuugEAvBjxfS3fjZny1Sog4xzz7p/LRICtD1sp+A=='
/** RFC 6962 section 2.1.1, by the words of it; independent of what is tested. */
function rootOf({ leafHash, index, treeSize, auditPath }: ProofJson): string {
  const node = (left: Buffer, right: Buffer) =>
    createHash('sha256').update(Buffer.of(1)).update(left).update(right).digest()
  const split = (size: number): number => (size <= 2 ? 1 : 2 * split(Math.ceil(size / 2)))
  const walk = (at: number, size: number, path: Buffer[]): Buffer => {
    const sibling = path.at(-1)
    if (sibling === undefined) return Buffer.from(leafHash, 'base64')
    const k = split(size)
    const rest = path.slice(0, -1)
    return at < k ? node(walk(at, k, rest), sibling) : node(sibling, walk(at - k, size - k, rest))
  }
  const path = auditPath.map((hash) => Buffer.from(hash, 'base64'))
  return walk(index, treeSize, path).toString('base64')
}

interface ProofJson {
  readonly leafHash: string
  readonly index: number
  readonly treeSize: number
  readonly auditPath: readonly string[]
}

const both = [
  ['rfc6962', () => logs.classic],
  ['static-ct', () => logs.tiled],
] as const

describe.each(both)('ct-stream get from a log of kind %s', (kind, logOf) => {
  it.each([0, 1, 255, 256, 299])('shows entry %i', async (index) => {
    const log = logOf()
    const { code, stdout, stderr } = await byKey(log, String(index))
    expect([code, stderr]).toEqual([0, ''])
    const cert = JSON.parse(stdout)
    expect(cert).toMatchObject({ index, log: { id: log.logId, kind, url: log.url }, historical: true })
    expect(cert.leafHash).toBe(Buffer.from(log.leafHash(index)).toString('hex'))
    const root = Uint8Array.from(log.root(index + 1).subarray(0, 16))
    expect([...decodeCursor(cert.cursor).values()]).toEqual([{ next: index + 1, root, finished: false }])
  })

  it('finds the log in a list', async () => {
    const name = kind === 'rfc6962' ? 'argon' : 'example willow'
    const { code, stdout } = await get(name, '7', '--template', '{index} {log.description}')
    expect([code, stdout]).toEqual([0, `7 ${logOf().description}\n`])
  })

  it.each(['text', 'pretty', 'domains', 'certstream', 'json'])('has the format %s', async (format) => {
    const { code, stdout } = await byKey(logOf(), '10', '--format', format)
    expect(code).toBe(0)
    if (format === 'json') expect(JSON.parse(stdout).index).toBe(10)
    else if (format === 'certstream') expect(JSON.parse(stdout).data.chain.length).toBeGreaterThan(0)
    else expect(stdout).toMatch(/\w+\.\w+/)
  })

  it('has what proves it, with --json', async () => {
    const log = logOf()
    const { code, stdout, stderr } = await byKey(log, '20', '--json')
    expect([code, stderr]).toEqual([0, ''])
    const { proof, ...entry } = JSON.parse(stdout)
    expect(entry).toEqual(JSON.parse((await byKey(log, '20', '--format', 'json')).stdout))
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
    const { treeSize, timestamp, rootHash, signature } = log.head
    expect(proof).toEqual({
      verified: true,
      log: log.logId,
      index: 20,
      leafHash: base64(log.leafHash(20)),
      treeSize,
      rootHash: base64(rootHash),
      timestamp: new Date(timestamp).toISOString(),
      signature: base64(signature),
      auditPath: proof.auditPath,
    })
    expect(rootOf(proof)).toBe(proof.rootHash)
  })

  it('is shown without its chain when that is not served, and says so', async () => {
    const log = logOf()
    log.fault({ on: 'issuer', status: 404 })
    const { code, stdout, stderr } = await byKey(log, '10', '--format', 'certstream')
    expect(code).toBe(0)
    expect(JSON.parse(stdout).data.cert_index).toBe(10)
    expect(JSON.parse(stdout).data.chain.length > 0).toBe(kind === 'rfc6962')
    expect(stderr.includes('chain not fetched')).toBe(kind === 'static-ct')
  })

  it('does not show what is not proven, and says why', async () => {
    const log = logOf()
    const [page, proof] =
      kind === 'rfc6962' ? (['get-entries', 'get-proof-by-hash'] as const) : (['data-tile', 'tile'] as const)
    for (const fault of [
      { on: page, flipBit: { in: 'leaf', item: kind === 'rfc6962' ? 0 : 20 } },
      { on: proof, flipBit: { in: 'hash' } },
    ] as const) {
      const handle = log.fault(fault)
      const { code, stdout, stderr } = await byKey(log, '20')
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toMatch(/^ct-stream: [^\n]+ \(CT_[A-Z_]+\)\n$/)
      expect(handle.hits).toBeGreaterThan(0)
      handle.clear()
    }
    log.fault({ on: kind === 'rfc6962' ? 'get-sth' : 'checkpoint', wrongRoot: true })
    expect(await byKey(log, '20')).toMatchObject({ code: 1, stdout: '' })
    log.clearFaults()
    log.fault({ on: kind === 'rfc6962' ? 'get-sth' : 'checkpoint', flipBit: { in: 'signature' } })
    const { code, stderr } = await byKey(log, '20')
    expect(code).toBe(1)
    expect(stderr).toContain('(CT_HEAD_SIGNATURE)')
  })

  it('tries again, past caches, when an answer does not prove it', async () => {
    const log = logOf()
    const item = kind === 'rfc6962' ? 0 : 20
    const handle = log.fault({
      on: kind === 'rfc6962' ? 'get-entries' : 'data-tile',
      times: 2,
      flipBit: { in: 'leaf', item },
    })
    expect(await byKey(log, '20', '--template', '{index}')).toEqual({ code: 0, stdout: '20\n', stderr: '' })
    expect(handle.hits).toBe(2)
  })

  it('says how large the log is when it has no such entry', async () => {
    const { code, stderr } = await byKey(logOf(), '300')
    expect(code).toBe(1)
    expect(stderr).toContain('has no entry 300: its newest head covers 300 (CT_INCLUSION)')
  })
})

describe('ct-stream get', () => {
  it('tells people that it is proven', async () => {
    const stderr = sink()
    const tty = Object.assign(stderr.stream, { isTTY: true })
    const { classic } = logs
    const argv = ['get', '--log', classic.url, '--key', classic.key, '3']
    const shown = await runWith(argv, { changes: { stderr: tty, env: { NO_COLOR: '1' } } })
    expect(shown.code).toBe(0)
    const signed = new Date(classic.head.timestamp).toISOString()
    expect(stderr.text()).toBe(`proven: entry 3 is in the tree of 300 entries signed ${signed}\n`)
    await runWith([...argv, '--quiet'], { changes: { stderr: tty, env: { NO_COLOR: '1' } } })
    await runWith([...argv, '--log-format', 'json'], { changes: { stderr: tty, env: { NO_COLOR: '1' } } })
    expect(stderr.text().match(/proven/g)).toHaveLength(1)
  })

  it('has the default formats that its help says', async () => {
    const { terminal, elsewhere } = defaultFormats('get')
    const { stdout: pretty } = await byKey(logs.classic, '3', '--format', terminal)
    const { stdout: json } = await byKey(logs.classic, '3', '--format', elsewhere)
    const shown = sink()
    const { key, url } = logs.classic
    const changes = { stdout: Object.assign(shown.stream, { isTTY: true }), env: { NO_COLOR: '1' } }
    await runWith(['get', '--log', url, '--key', key, '3'], { changes })
    expect(shown.text()).toBe(pretty)
    expect((await byKey(logs.classic, '3')).stdout).toBe(json)
  })

  it('shows the certificate that was put into the log', async () => {
    const { stdout } = await byKey(logs.classic, '1', '--format', 'certstream')
    const { leaf_cert: leaf } = JSON.parse(stdout).data
    const parsed = new X509Certificate(Buffer.from(leaf.as_der, 'base64'))
    expect(leaf.sha256).toBe(parsed.fingerprint256)
  })

  it.each([
    [['argon'], 'ct-stream get needs <log> and <index>'],
    [[], 'ct-stream get needs <log>'],
    [['argon', 'x'], '<index> must be an integer from 0, got "x"'],
    [['argon', '-1'], '<index> must be an integer from 0, got "-1"'],
    [['argon', '9007199254740992'], '<index> must be an integer from 0'],
    [['argon', '1', '2'], 'ct-stream get takes no argument "2"'],
    [['example', '1'], '"example" can be any of 2 logs: "Example \'Argon2026\' log", "Example Willow 2026"'],
    [['pilot', '1'], 'none of 2 listed logs is called "pilot"'],
    [['1', '--log', 'http://127.0.0.1/', '--key', 'AA=='], '--log and --log-list exclude each other'],
    [['argon', '1', '--json', '--format', 'json'], '--json and --format exclude each other'],
    [['argon', '1', '--format', 'xml'], '--format must be one of'],
  ])('%j is bad usage', async (argv, message) => {
    const { code, stdout, stderr } = await get(...argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
    expect(stderr).toMatch(/^ct-stream: [^\n]+\n$/)
  })

  it.each([
    [['--log', 'http://log.example/', '--key', key], '--log must be an https URL (http with --allow-http)'],
    [['--log', 'https://log.example/', '--log', 'https://b.example/', '--key', key], 'given more than once'],
    [['2', '--log', 'https://log.example/', '--key', 'AA=='], '--log and the argument "1" both name a log'],
    [
      ['--log', 'https://a.example/', '--key', 'AA==', '--log', 'https://b.example/', '--key', 'AA=='],
      'more than once',
    ],
    [['--log', 'https://log.example/', '--key', 'AA=='], '--key must be a key as base64 or PEM'],
  ])('%j names no log', async (argv, message) => {
    const { code, stderr } = await runWith(['get', '1', ...argv])
    expect(code).toBe(2)
    expect(stderr).toContain(message)
  })
})
