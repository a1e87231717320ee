import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { defineModule, runModules } from '../../../src/modules/index.js'
import { openFindings, search, sqlite } from '../../../src/outputs/sqlite.js'
import { madeCertificates } from '../../support/module-certificates.js'
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
