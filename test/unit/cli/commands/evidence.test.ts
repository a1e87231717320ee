import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../../src/checkpoint/sqlite.js'
import { CHROME_LIST_URL } from '../../../../src/loglist/defaults.js'
import { readFileUpTo } from '../../../../src/loglist/read-file.js'
import { createTestLog, createTestLogList, issueCertificates, type TestLog } from '../../../../src/testing/index.js'
import { headRecord } from '../../../../src/verify/evidence.js'
import { verifyEvidence } from '../../../../src/verify/verify-evidence.js'
import { runWith } from '../embedded.js'

const at = Date.UTC(2026, 10, 24, 12)
let folder = ''
let path = ''
let log: TestLog
/** Whose evidence was stored by an earlier version: without the key. */
let old: TestLog

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ct-stream-evidence-'))
  path = join(folder, 'positions.db')
  log = await createTestLog({
    kind: 'rfc6962',
    entries: issueCertificates(9, { sign: false }),
    description: 'Bad\u202e log',
  })
  old = await createTestLog({
    kind: 'static-ct',
    entries: issueCertificates(5, { sign: false }),
    description: 'Old one',
  })
  const store = new SqliteCheckpointStore(path)
  await store.open()
  for (const [one, changes] of [
    [log, { key: log.key }],
    [old, {}],
  ] as const) {
    const twin = one.fork(2)
    twin.add(issueCertificates(one.size - 2, { sign: false, seed: 'twin' }))
    const { logId: id, description, operator, url } = one
    const kind = one === log ? 'rfc6962' : 'static-ct'
    const detail = { verifiedHead: headRecord(one.head), head: headRecord(twin.publish()), ...changes }
    const message = 'fork: two trees; evidence stored'
    const info = { id, description, operator, kind, url } as const
    store.addEvidence({ log: info, code: 'CT_HEAD_CONFLICT', message, detail, recordedAt: at })
  }
  store.close()
})
afterAll(async () => {
  await Promise.all([log.close(), old.close()])
  rmSync(folder, { recursive: true, force: true })
})

const files = { changes: { readFile: readFileUpTo } }
const run = (...argv: string[]) => runWith(['evidence', '--checkpoint', path, ...argv])
const verify = (...argv: string[]) => runWith(['verify-evidence', ...argv], files)

describe('ct-stream evidence', () => {
  it('lists what the checkpoint file holds', async () => {
    const { code, stdout, stderr } = await run()
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.split('\n').map((line) => line.replace(/ {2,}/g, ' | '))).toEqual([
      'LOG | KIND | RECORDED | PROVES | CLAIM',
      'Bad\\u{202e} log | two-roots | 2026-11-24T12:00:00.000Z | log-signed-contradiction | fork: two trees',
      'Old one | two-roots | 2026-11-24T12:00:00.000Z | cannot be checked | fork: two trees',
      '',
    ])
  })

  it('prints a document a line, of the logs that are meant', async () => {
    const { stdout } = await run('--json', '--log-name', 'bad')
    const lines = stdout.trimEnd().split('\n')
    expect(lines).toHaveLength(1)
    expect(verifyEvidence(lines[0])).toMatchObject({ holds: true, proves: 'log-signed-contradiction' })
    for (const name of [old.logId, old.url, old.url.replace('http://', ''), 'OLD', 'one'])
      expect((await run('--json', '--log-name', name)).stdout).toContain('"description":"Old one"')
    expect((await run('--json', '--log-name', 'ne')).stdout).toBe('')
    expect((await run('--log-name', 'ne')).stdout).toBe('no evidence of misbehaviour\n')
  })

  it('finds the key that an earlier version did not keep: given, or in the list the file has a copy of', async () => {
    const given = (await run('--json', '--log-name', 'old', '--key', log.key, '--key', old.key)).stdout
    expect(verifyEvidence(given)).toMatchObject({ holds: true })
    const copy = join(folder, 'with-list.db')
    writeFileSync(copy, readFileSync(path))
    const store = new SqliteCheckpointStore(copy)
    await store.open()
    const body = new TextEncoder().encode(JSON.stringify(createTestLogList([old])))
    store.putList({ url: CHROME_LIST_URL, body, etag: undefined, lastModified: undefined, fetchedAt: at })
    store.close()
    const { stdout } = await runWith(['evidence', '--checkpoint', copy, '--json', '--log-name', 'old'])
    expect(verifyEvidence(stdout)).toMatchObject({ holds: true, proves: 'log-signed-contradiction' })
  })

  it('writes files that verify-evidence checks, the same ones each time', async () => {
    const out = join(folder, 'a', 'b')
    const { code, stdout } = await run('--out', out)
    expect(code).toBe(0)
    const names = readdirSync(out).sort()
    expect(names).toHaveLength(2)
    expect(names.every((name) => /^20261124T120000Z-two-roots-[0-9a-f]{12}\.json$/.test(name))).toBe(true)
    expect(stdout.trimEnd().split('\n').sort()).toEqual(names.map((name) => join(out, name)))
    // What a name leads to is replaced, not followed.
    const target = join(folder, 'target')
    rmSync(join(out, names[0] as string))
    symlinkSync(target, join(out, names[0] as string))
    expect((await run('--out', out)).code).toBe(0)
    expect([existsSync(target), readdirSync(out).sort()]).toEqual([false, names])
  })

  it('refuses what makes no sense', async () => {
    expect(await run('--json', '--out', folder)).toMatchObject({ code: 2 })
    expect(await run('--key', 'AAAA')).toMatchObject({ code: 2, stderr: expect.stringContaining('--key must be') })
    expect(await run('--out', join(path, 'x'))).toMatchObject({ code: 2, stderr: expect.stringContaining('--out') })
    const missing = await runWith(['evidence', '--checkpoint', join(folder, 'none.db')])
    expect(missing).toMatchObject({ code: 1, stderr: expect.stringContaining('there is no checkpoint file') })
  })
})

describe('ct-stream verify-evidence', () => {
  const file = async (name: string, change: (text: string) => string = (text) => text) => {
    const to = join(folder, name)
    writeFileSync(to, change((await run('--json', '--log-name', 'bad')).stdout))
    return to
  }

  it('says in plain words that a file holds, with status 0', async () => {
    const good = await file('good.json')
    const { code, stdout, stderr } = await verify(good)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.split('\n')).toEqual([
      `${good}: holds`,
      expect.stringMatching(
        /^ {2}proven by the log's own signatures: Bad\\u\{202e\} log \(log id .*=\) signed two different trees of 9 entries, at .*Z and .*Z$/,
      ),
      '',
    ])
  })

  it('says what does not fit, with status 1', async () => {
    const good = await file('good.json')
    const bad = await file('bad.json', (text) => text.replace('fork: two trees', 'fork: two threes'))
    const { code, stdout, stderr } = await verify(good, bad)
    expect([code, stderr]).toEqual([1, 'ct-stream: 1 of 2 files does not hold as evidence (CT_EVIDENCE_INVALID)\n'])
    expect(stdout).toContain(`${bad}: does not hold\n  does not hold as evidence (two-roots)`)
    expect(stdout).toContain('the document was changed after it was written')
  })

  it('names files that cannot be read, with status 2', async () => {
    const good = await file('good.json')
    const none = await file('none.json', () => '{}')
    const { code, stdout, stderr } = await verify(good, none, join(folder, 'missing.json'))
    expect([code, stderr]).toEqual([2, 'ct-stream: 2 of 3 files cannot be read as evidence\n'])
    expect(stdout).toContain(`${none}: unreadable: the evidence is not evidence of ct-stream`)
    expect(stdout).toContain('missing.json: unreadable: ENOENT')
    expect(await verify()).toMatchObject({ code: 2, stderr: 'ct-stream: ct-stream verify-evidence needs <file>\n' })
    const device = await verify('/dev/zero')
    expect(device).toMatchObject({ code: 2, stdout: expect.stringContaining('more than 4194304 bytes') })
  })

  it('takes a key for a document without one, and prints JSON', async () => {
    const keyless = join(folder, 'keyless.json')
    writeFileSync(keyless, (await run('--json', '--log-name', 'old')).stdout)
    expect(await verify(keyless)).toMatchObject({ code: 1, stdout: expect.stringContaining('has no key of the log') })
    const { code, stdout } = await verify(keyless, '--json', '--key', log.key, '--key', old.key)
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({
      file: keyless,
      holds: true,
      proves: 'log-signed-contradiction',
      kind: 'two-roots',
      problems: [],
      unproven: [],
    })
    expect(await verify(keyless, '--key', log.key)).toMatchObject({ code: 1 })
  })
})
