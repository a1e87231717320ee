import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { SqliteCheckpointStore } from '../../../../src/checkpoint/sqlite.js'
import { widthOf } from '../../../../src/cli/terminal/width.js'
import { defineModule, runModules } from '../../../../src/modules/index.js'
import { openFindings, sqlite } from '../../../../src/outputs/sqlite.js'
import type { CtCertificate } from '../../../../src/types/certificate.js'
import { systemClock } from '../../../../src/util/clock.js'
import { madeCertificates } from '../../../support/module-certificates.js'
import { runWith } from '../embedded.js'
import { sink } from '../sample-io.js'

const names = ['example.com', 'www.example.com', 'a.b.example.com', 'notexample.com', 'shop.example.co.uk', 'x.test']
let folder = ''
let db = ''

/** Found on the first day of each month of 2026, in the order of `names`. */
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ct-stream-search-'))
  db = join(folder, 'findings.db')
  for (const [i, certificate] of madeCertificates(names.length).entries()) {
    const json = { ...certificate.toJSON(), dnsNames: ['zzz.other.test', names[i] ?? ''] }
    Object.defineProperty(certificate, 'toJSON', { value: () => json })
    const clock = { ...systemClock, now: () => Date.UTC(2026, i, 1) }
    await runModules([certificate] as CtCertificate[], [finder, sqlite.with({ file: db })], { clock }).done
  }
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const finder = defineModule({
  name: 'finder',
  onCertificate: (certificate, { emit }) =>
    emit({ kind: 'seen', severity: 'high', reason: `found ${'\u001b[31m'}${certificate.index}` }),
})

const now = Date.UTC(2026, 6, 1)
const run = (...argv: string[]) =>
  runWith(['search', ...argv], { changes: { clock: { now: () => now, sleep: async () => {} } } })
const found = async (...argv: string[]) => {
  const { code, stdout, stderr } = await run('--db', db, '--json', ...argv)
  expect([code, stderr]).toEqual([0, ''])
  return (JSON.parse(stdout) as { certificate: { dnsNames: string[] } }[]).map((one) => one.certificate.dnsNames[1])
}

describe('ct-stream search', () => {
  it('finds a name, what is below it, or its registrable domain, newest first', async () => {
    expect(await found('example.com')).toEqual(['a.b.example.com', 'www.example.com', 'example.com'])
    expect(await found('*.example.com')).toEqual(['a.b.example.com', 'www.example.com'])
    expect(await found('=example.com')).toEqual(['example.com'])
    expect(await found('other.www.example.co.uk')).toEqual([])
    expect(await found('other.www.example.co.uk', '--registrable')).toEqual(['shop.example.co.uk'])
    expect(await found('*.WWW.example.com', '--registrable')).toHaveLength(3)
  })

  it('finds only recent entries', async () => {
    expect(await found('example.com', '--since', '130d')).toEqual(['a.b.example.com'])
    expect(await found('example.com', '--since', '2026-02-01')).toEqual(['a.b.example.com', 'www.example.com'])
  })

  it('shows a table that fits the terminal, what was searched for first', async () => {
    const terminal = sink()
    Object.assign(terminal.stream, { isTTY: true, columns: 100 })
    const changes = { stdout: terminal.stream }
    const { code, stderr } = await runWith(['search', '--db', db, 'example.com', '--limit', '2'], { changes })
    expect([code, stderr]).toEqual([0, 'warn: only the newest 2 are shown: --limit for more\n'])
    const lines = stripVTControlCharacters(terminal.text()).trimEnd().split('\n')
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(100)
    expect(lines[0]).toMatch(/^FIRST SEEN +SEVERITY +KIND +NAMES +ISSUER +REASON$/)
    expect(lines[1]).toMatch(/^2026-03-01 00:00Z +high +finder: seen +a\.b\.example\.c.* +found \\x1b/)
    expect(lines).toHaveLength(3)
  })

  it('says when nothing was found', async () => {
    expect(await run('--db', db, 'nothing.test')).toEqual({ code: 0, stdout: 'nothing was found\n', stderr: '' })
    expect(await run('--db', db, 'nothing.test', '--json')).toEqual({ code: 0, stdout: '[]\n', stderr: '' })
  })

  it.each([
    [['a b'], 'ct-stream: <name> must be example.com (it and all below), '],
    [['co.uk', '--registrable'], 'ct-stream: --registrable: "co.uk" is a public suffix'],
    [['a.test', '--since', 'soon'], 'ct-stream: --since must be how long ago, such as 30d'],
    [['a.test', '--limit', '0'], 'ct-stream: --limit must be an integer from 1'],
    [[], 'ct-stream: ct-stream search needs <name>'],
  ])('refuses %j as bad usage', async (argv, message) => {
    const { code, stdout, stderr } = await run('--db', db, ...argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })

  it('tells a file that is missing, or not its own, from one without findings', async () => {
    const text = join(folder, 'notes.db')
    writeFileSync(text, 'not a database at all, but long enough to be looked at'.repeat(20))
    const other = join(folder, 'positions.db')
    const store = new SqliteCheckpointStore(other)
    await store.open()
    store.close()
    for (const [file, message] of [
      [join(folder, 'no.db'), `ct-stream: there is no database of findings ${join(folder, 'no.db')}: `],
      [text, `file ${text} cannot be opened: file is not a database`],
      [other, `file ${other} cannot be opened: it is a database of another program`],
    ] as const) {
      const { code, stdout, stderr } = await run('--db', file, 'example.com')
      expect([code, stdout]).toEqual([1, ''])
      expect(stderr).toContain(message)
    }
  })

  it('tells a finding that is damaged', async () => {
    const damaged = join(folder, 'damaged.db')
    const made = await openFindings(damaged)
    made.exec(`INSERT INTO findings VALUES ('1', 'm', 'k', 'low', 1, 1, '{"x":1}')`)
    made.exec(`INSERT INTO names VALUES ('com.example', '1')`)
    made.close()
    const { code, stderr } = await run('--db', damaged, 'example.com')
    expect([code, stderr]).toEqual([
      1,
      'ct-stream: the database is damaged: one of its findings cannot be read (CT_OUTPUT_FAILED)\n',
    ])
  })
})
