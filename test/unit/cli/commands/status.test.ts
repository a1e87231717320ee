import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../../src/checkpoint/sqlite.js'
import type { CliIo } from '../../../../src/cli/io.js'
import type { LogCheckpoint } from '../../../../src/types/checkpoint.js'
import type { LogInfo, SignedHead } from '../../../../src/types/log.js'
import { runWith } from '../embedded.js'

const now = Date.UTC(2026, 10, 22, 12)
const clock = { now: () => now, sleep: async () => {} }
const hash = new Uint8Array(32).fill(7)

function log(id: string, description: string): LogInfo {
  return { id, description, operator: 'Example', kind: 'rfc6962', url: `https://${id}.example/` }
}
const head = (treeSize: number, ageMs: number): SignedHead => ({
  treeSize,
  timestamp: now - ageMs,
  rootHash: hash,
  signature: new Uint8Array([4, 3, 0, 1, 9]),
})
const [first, second, third] = [log('one', 'First log'), log('two', 'Second\u202e log'), log('three', 'Third log')]
const never = log('four', 'Log never reached')
const checkpoints: readonly LogCheckpoint[] = [
  {
    log: first,
    position: 4_294_967_300,
    range: [hash, hash],
    verifiedHead: head(4_294_967_400, 90_000),
    pendingHeads: [head(4_294_968_300, 5_000), head(4_294_968_200, 1_000)],
    learned: { pageSize: 256, bytesPerEntry: 5123, readFrom: 100 },
  },
  {
    log: second,
    position: 5,
    range: undefined,
    verifiedHead: head(5, 60_000),
    pendingHeads: [],
    learned: { requestsPerSecond: 0.3, limitedAt: now, limitedSince: 9e15 },
  },
  { log: third, position: 0, range: undefined, verifiedHead: undefined, pendingHeads: [], learned: {} },
]

let folder = ''
let path = ''
let store: SqliteCheckpointStore
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ct-stream-status-'))
  path = join(folder, 'positions.db')
  store = new SqliteCheckpointStore(path, { clock })
  await store.open()
  store.commit(checkpoints)
  // Read by a later run: no gap any more.
  store.addGap({ log: first, start: 100, end: 200, reason: 'log was gone', recordedAt: now })
  store.addGap({ log: second, start: 3, end: 5, reason: 'log is gone', recordedAt: now })
  store.addGap({ log: second, start: 9, end: undefined, reason: 'log is gone', recordedAt: now })
  const detail = { head: 'AAAA' }
  const fares = { failingSince: undefined, nextRetryAt: undefined, waitsFor: undefined, lastError: undefined }
  const lastError = { code: 'CT_HTTP_NETWORK', message: 'connect ECONNREFUSED\u202e' }
  store.putConditions([
    { ...fares, log: second, state: 'live', waitsFor: { kind: 'head', signedAt: now + 60_000 }, recordedAt: now },
    { ...fares, log: first, state: 'live', recordedAt: now },
    {
      ...{ log: never, state: 'waiting', failingSince: now - 90_000, nextRetryAt: now + 30_000, waitsFor: undefined },
      ...{ lastError, recordedAt: now },
    },
  ])
  store.addEvidence({ log: first, code: 'CT_ROOT_MISMATCH', message: 'two roots', detail, recordedAt: now })
})
afterAll(() => {
  store.close()
  rmSync(folder, { recursive: true, force: true })
})

const run = (argv: readonly string[], isRunning: CliIo['isRunning'] = () => true) =>
  runWith(['status', ...argv], { changes: { clock, isRunning } })

describe('ct-stream status', () => {
  it('shows what a checkpoint file knows while a stream uses it', async () => {
    const { code, stdout, stderr } = await run(['--checkpoint', path])
    expect([code, stderr]).toEqual([0, ''])
    const [owner, , ...lines] = stdout.split('\n')
    expect(owner).toMatch(/positions\.db: in use by process \d+ on \S+, since 2026-11-22T12:00:00\.000Z$/)
    expect(lines).toEqual([
      'LOG                 KIND     STATE         POSITION       VERIFIED    LAG  HEAD AGE  GAPS  EVIDENCE  LEARNED',
      'First log           rfc6962  live     4,294,967,300  4,294,967,400  1,000       5 s     0         1  pageSize 256, bytesPerEntry 5,123',
      'Second\\u{202e} log  rfc6962  live                 5              5      0       1 m     2         0  requestsPerSecond 0.3, limitedAt 2026-11-22T12:00:00.000Z, limitedSince 9,000,000,000,000,000',
      'Third log           rfc6962  -                    0              -      -         -     0         0  -',
      'Log never reached   rfc6962  waiting              -              -      -         -     0         0  -',
      '',
      'logs that are waited for:',
      '',
      'LOG                 STATE    SINCE                     NEXT RETRY                FOR',
      'Second\\u{202e} log  live     -                         -                         a head after 2026-11-22T12:01:00Z',
      'Log never reached   waiting  2026-11-22T11:58:30.000Z  2026-11-22T12:00:30.000Z  connect ECONNREFUSED\\u{202e}',
      '',
      'entries that were not delivered (ct-stream gaps --retry tries again):',
      '',
      'LOG                 FROM  TO  RECORDED                  REASON',
      'Second\\u{202e} log     3   4  2026-11-22T12:00:00.000Z  log is gone',
      'Second\\u{202e} log     9   -  2026-11-22T12:00:00.000Z  log is gone',
      '',
      'evidence of misbehaviour (ct-stream evidence exports it):',
      '',
      'LOG        CODE              RECORDED                  MESSAGE',
      'First log  CT_ROOT_MISMATCH  2026-11-22T12:00:00.000Z  two roots',
      '',
    ])
  })

  it('is JSON for programs, with the evidence', async () => {
    const { code, stdout } = await run(['--checkpoint', path, '--json'])
    expect(code).toBe(0)
    const json = JSON.parse(stdout)
    expect(json).toMatchObject({
      file: path,
      owner: { pid: process.pid, since: '2026-11-22T12:00:00.000Z', isRunning: true },
    })
    const well = { failingSince: null, nextRetryAt: null, waitsFor: null, lastError: null }
    const stateRecordedAt = '2026-11-22T12:00:00.000Z'
    expect(json.logs[0]).toEqual({
      log: first,
      state: 'live',
      ...well,
      stateRecordedAt,
      position: 4_294_967_300,
      verifiedSize: 4_294_967_400,
      head: { treeSize: 4_294_968_300, timestamp: '2026-11-22T11:59:55.000Z' },
      pendingHeads: 2,
      lagEntries: 1000,
      learned: { pageSize: 256, bytesPerEntry: 5123, readFrom: 100 },
    })
    expect(json.logs[1].waitsFor).toEqual({ kind: 'head', signedAt: '2026-11-22T12:01:00.000Z' })
    expect(json.logs[2]).toMatchObject({ state: null, ...well, stateRecordedAt: null })
    expect(json.logs[2]).toMatchObject({ verifiedSize: null, head: null, lagEntries: null })
    expect(json.logs[3]).toEqual({
      log: never,
      state: 'waiting',
      failingSince: '2026-11-22T11:58:30.000Z',
      nextRetryAt: '2026-11-22T12:00:30.000Z',
      waitsFor: null,
      lastError: { code: 'CT_HTTP_NETWORK', message: 'connect ECONNREFUSED\u202e' },
      stateRecordedAt,
      ...{ position: null, verifiedSize: null, head: null, pendingHeads: 0, lagEntries: null, learned: {} },
    })
    expect(json.gaps).toEqual([
      { log: second, start: 3, end: 5, reason: 'log is gone', recordedAt: '2026-11-22T12:00:00.000Z' },
      { log: second, start: 9, end: null, reason: 'log is gone', recordedAt: '2026-11-22T12:00:00.000Z' },
    ])
    expect(json.evidence).toEqual([
      {
        log: first,
        code: 'CT_ROOT_MISMATCH',
        message: 'two roots',
        detail: { head: 'AAAA' },
        recordedAt: '2026-11-22T12:00:00.000Z',
      },
    ])
  })

  it.each([
    [false, /: no stream uses it; the last one ended without closing it \(process \d+ on /],
    [undefined, /: in use or left behind by process \d+ on /],
  ])('tells a stream that was killed (running: %s)', async (isRunning, text) => {
    expect((await run(['--checkpoint', path], () => isRunning)).stdout).toMatch(text)
  })

  it('leaves the file and the folder as they are, and does not disturb the stream', async () => {
    const before = readdirSync(folder).sort()
    await run(['--checkpoint', path])
    expect(readdirSync(folder).sort()).toEqual(before)
    store.commit([{ ...(checkpoints[1] as LogCheckpoint), position: 5 }])
  })

  it('shows a file that was closed, and one without positions', async () => {
    const other = join(folder, 'closed.db')
    const closed = new SqliteCheckpointStore(other)
    await closed.open()
    closed.close()
    const bytes = readFileSync(other)
    const { code, stdout } = await run(['--checkpoint', other])
    expect([code, stdout]).toEqual([0, `${other}: no stream uses it\n\nno log has a position yet\n`])
    expect(readFileSync(other).equals(bytes)).toBe(true)
  })

  it('fails with 1 and says so when there is no file, and makes none', async () => {
    const missing = join(folder, 'missing.db')
    const { code, stdout, stderr } = await run(['--checkpoint', missing])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toBe(
      `ct-stream: there is no checkpoint file ${missing}: start a stream in this directory, or name its file with --checkpoint (CT_CHECKPOINT_UNUSABLE)\n`,
    )
    expect(readdirSync(folder)).not.toContain('missing.db')
    expect((await run(['--checkpoint', join(folder, 'no', 'folder.db')])).stderr).toContain(
      'there is no checkpoint file',
    )
  })

  it('fails with 1 when the file is something else', async () => {
    const text = join(folder, 'notes.txt')
    writeFileSync(text, 'not a database, and long enough to have a header of one hundred bytes '.repeat(20))
    const { code, stderr } = await run(['--checkpoint', text])
    expect(code).toBe(1)
    expect(stderr).toMatch(/is not a SQLite database.*\(CT_CHECKPOINT_UNUSABLE\)\n$/)
    expect((await run(['--checkpoint', folder])).stderr).toContain('is a directory')
  })

  it('takes no flags of a stream', async () => {
    expect(await run(['--no-checkpoint'])).toMatchObject({ code: 2, stdout: '' })
    expect(await run(['--limit', '5'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--limit is no flag of ct-stream status'),
    })
  })
})
