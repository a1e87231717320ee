import { mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { defineModule, runModules } from '../../../src/modules/index.js'
import { FindingsFile } from '../../../src/outputs/findings-file.js'
import { openFindings, search, sqlite } from '../../../src/outputs/sqlite.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { Finding } from '../../../src/types/finding.js'
import { PageSource, pagesOf } from '../../support/acknowledged-source.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { reporter } from '../../support/sent-findings.js'
import { outputContract } from './contract.js'

const folder = () => {
  const path = mkdtempSync(join(tmpdir(), 'ct-stream-sqlite-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

outputContract('sqlite', async () => {
  const file = join(folder(), 'findings.db')
  const other = await openFindings(file)
  return {
    output: sqlite.with({ file }),
    received: () => other.prepare('SELECT id FROM findings').pluck().all() as string[],
    // As a disk that is full.
    fail: () =>
      void other.exec("CREATE TRIGGER full BEFORE INSERT ON findings BEGIN SELECT RAISE(FAIL, 'disk full'); END"),
    repair: () => void other.exec('DROP TRIGGER full'),
    remove: () => void other.close(),
  }
})

// Elsewhere a file that is open can be neither deleted nor moved.
describe.skipIf(process.platform === 'win32')('a database that is not at its path any more', () => {
  const remove = (file: string) => {
    for (const one of [file, `${file}-wal`, `${file}-shm`]) rmSync(one, { force: true })
  }

  /** Writes a page of findings, does something to the database, and writes another. */
  async function written(file: string, path: string, change: () => void | Promise<void>) {
    const pages = pagesOf(madeCertificates(20), 10)
    const source = new PageSource([pages[0] as CtCertificate[]], { staysOpen: true })
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, warn: (text: string) => void warnings.push(text), error() {} }
    const run = runModules(source, [reporter, sqlite.with({ file: path })], { logger })
    run.done.catch(() => {})
    const reached = (count: number) => vi.waitUntil(() => run.status().modules[1]?.findings === count)
    await reached(10)
    await change()
    source.add(pages[1] as CtCertificate[])
    await reached(20)
    const counts = await countIn(file)
    await run.stop()
    return { counts, warnings, after: await countIn(file) }
  }

  async function countIn(file: string): Promise<unknown> {
    const db = await openFindings(file)
    const count = db.prepare('SELECT count(*) FROM findings').pluck().get()
    db.close()
    return count
  }

  it('is made again when it was deleted, and has all that comes from then on', async () => {
    const file = join(folder(), 'findings.db')
    const { counts, warnings, after } = await written(file, file, () => remove(file))
    expect([counts, after]).toEqual([10, 10])
    expect(warnings).toEqual([expect.stringMatching(/findings\.db was deleted, moved or replaced/)])
  })

  it('leaves what it has where it was moved to', async () => {
    const place = folder()
    const [file, moved] = [join(place, 'findings.db'), join(place, 'moved.db')]
    const { counts, warnings } = await written(file, file, () => renameSync(file, moved))
    expect(counts).toBe(10)
    expect(await countIn(moved)).toBe(10)
    expect(warnings).toHaveLength(1)
  })

  it.each([false, true])('is the one that has replaced it; its log left there: %s', async (isLogLeft) => {
    const place = folder()
    const [file, other] = [join(place, 'findings.db'), join(place, 'other.db')]
    await runModules(new PageSource([madeCertificates(5, { seed: 'other' })]), [reporter, sqlite.with({ file: other })])
      .done
    const { counts, warnings } = await written(file, file, () => {
      if (!isLogLeft) remove(file)
      renameSync(other, file)
    })
    expect(counts).toBe(15)
    expect(warnings).toHaveLength(1)
  })

  it('keeps all when only its write-ahead log was deleted', async () => {
    const file = join(folder(), 'findings.db')
    const { counts, after } = await written(file, file, () => rmSync(`${file}-wal`))
    expect([counts, after]).toEqual([20, 20])
  })

  it('is looked for behind a symbolic link, and made where that leads', async () => {
    const place = folder()
    const [file, link] = [join(place, 'findings.db'), join(place, 'link.db')]
    symlinkSync(file, link)
    const { counts, warnings } = await written(file, link, () => remove(file))
    expect(counts).toBe(10)
    expect(warnings).toHaveLength(1)
  })

  it('has nothing acknowledged that it got while it was deleted', async () => {
    const path = join(folder(), 'findings.db')
    const file = new FindingsFile(path, { debug() {}, info() {}, warn() {}, error() {} })
    onTestFinished(() => file.close())
    await file.open()
    const [certificate] = madeCertificates(1).map((one) => one.toJSON())
    const finding = { id: 'a', kind: 'k', severity: 'low', score: 1, firstSeen: '2026-01-01T00:00:00Z', certificate }
    let reads = 0
    const deleting = {
      ...finding,
      get module() {
        if (reads++ === 0) remove(path)
        return 'm'
      },
    } as unknown as Finding
    await expect(file.write([deleting])).rejects.toMatchObject({ code: 'CT_OUTPUT_FAILED', retryable: true })
    await file.write([deleting])
    expect(await countIn(path)).toBe(1)
  })

  it('is not left as long as it is there', async () => {
    const file = join(folder(), 'findings.db')
    const { counts, warnings } = await written(file, file, () => {})
    expect(counts).toBe(20)
    expect(warnings).toEqual([])
  })
})

describe('search', () => {
  it('finds a name, what is below it, or only one of them, newest first', async () => {
    const file = join(folder(), 'findings.db')
    const names = [
      'example.com',
      'www.example.com',
      'a.b.example.com',
      'notexample.com',
      'example.com.evil.test',
      'example-x.com',
    ]
    const certificates = madeCertificates(names.length)
    const named = defineModule({
      name: 'named',
      onCertificate(certificate, { emit }) {
        emit({ kind: 'x', subject: names[certificate.index] ?? '', reason: 'x' })
      },
    })
    for (const [i, certificate] of certificates.entries())
      Object.defineProperty(certificate, 'toJSON', { value: () => ({ dnsNames: [names[i]] }) })
    await runModules(certificates, [named, sqlite.with({ file })]).done
    const db = await openFindings(file)
    onTestFinished(() => void db.close())
    const found = (pattern: string) =>
      search(db, pattern)
        .map(({ subject }) => subject)
        .sort()
    expect(found('=example.com')).toEqual(['example.com'])
    expect(found('*.example.com')).toEqual(['a.b.example.com', 'www.example.com'])
    expect(found('Example.com.')).toEqual(['a.b.example.com', 'example.com', 'www.example.com'])
    expect(search(db, 'example.com', { since: new Date(Date.now() + 1000) })).toEqual([])
    expect(search(db, 'example.com', { limit: 1 })).toHaveLength(1)
    for (const wrong of ['', '*', 'a b', '*.*.com']) expect(() => search(db, wrong)).toThrow(/option `pattern`/)
  })

  it('leaves a file of another program alone', async () => {
    const file = join(folder(), 'notes.db')
    writeFileSync(file, 'not a database at all, but long enough to be looked at'.repeat(20))
    await expect(openFindings(file)).rejects.toMatchObject({ code: 'CT_OUTPUT_FAILED' })
  })
})
