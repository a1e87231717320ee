import { type ChildProcess, spawn } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { StatisticsReport } from '../../src/modules/index.js'
import { createTestLog, createTestLogList, issueCertificates, type TestLog } from '../../src/testing/index.js'

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli.js')
const folder = mkdtempSync(join(tmpdir(), 'ct-stream-stats-'))
const HOSTILE = '"><img src=x onerror=alert(1)> & Sons'
let log: TestLog

beforeAll(async () => {
  log = await createTestLog({
    entries: [
      ...issueCertificates(500, { sign: false }),
      ...issueCertificates([{ dnsNames: ['localhost'], issuer: { organization: HOSTILE } }]),
    ],
    description: 'Embedded',
  })
  writeFileSync(join(folder, 'list.json'), JSON.stringify(createTestLogList([log], { timestamp: new Date() })))
})
afterAll(async () => {
  await log.close()
  rmSync(folder, { recursive: true, force: true })
})

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

function start(...argv: string[]): {
  readonly child: ChildProcess
  readonly lines: () => string[]
  readonly ended: Promise<Ended>
} {
  const child = spawn(process.execPath, [cli, 'stats', '--log-list', 'list.json', '--start', 'beginning', ...argv], {
    cwd: folder,
  })
  let [stdout, stderr] = ['', '']
  child.stdout.setEncoding('utf8').on('data', (text: string) => {
    stdout += text
  })
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<Ended>((done) => child.once('close', (code) => done({ code, stdout, stderr })))
  return { child, lines: () => stdout.split('\n').slice(0, -1), ended }
}

describe.skipIf(process.platform === 'win32')('the built `ct-stream stats`', () => {
  it('reports the content of a log as text and as a page, and stores no positions', async () => {
    const { code, stdout, stderr } = await start('--end', 'head', '--html', 'report.html').ended
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).toMatch(/^501 entries in /)
    expect(stdout).toMatch(/^internal name \(BR 7\.1\.2\.7\.12\) +█* +\d+ +\d+\.\d %$/m)
    const page = readFileSync(join(folder, 'report.html'), 'utf8')
    expect(page).toContain('&quot;&gt;&lt;img src=x onerror=alert(1)&gt; &amp; Sons')
    expect(page).not.toContain('<img')
    expect(statSync(join(folder, 'report.html')).mode & 0o077).toBe(0)
    expect(() => statSync(join(folder, 'ct-stream.db'))).toThrow(/ENOENT/)
  })

  it('reports in JSON each second, and once more at SIGTERM', async () => {
    const { child, lines, ended } = start('--every', '1s', '--json')
    await new Promise<void>((done) => {
      const isRead = () => lines().length >= 2 && (JSON.parse(lines().at(-1) ?? '') as StatisticsReport).entries === 501
      child.stdout?.on('data', () => isRead() && done())
      child.once('close', () => done())
    })
    child.kill('SIGTERM')
    const { code, stdout, stderr } = await ended
    expect([code, stderr]).toEqual([0, ''])
    const reports = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as StatisticsReport)
    expect(reports.length).toBeGreaterThanOrEqual(3)
    expect(reports.at(-1)?.entries).toBe(501)
    expect(reports.at(-1)?.counts.caOwners.rows).toContainEqual({ name: HOSTILE, count: 1, error: 0 })
  })
})
