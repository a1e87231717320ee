import { execFile } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { defineModule, runModules } from '../../src/modules/index.js'
import { sqlite } from '../../src/outputs/sqlite.js'
import { madeCertificates } from '../support/module-certificates.js'

const cli = join(import.meta.dirname, '..', '..', 'dist', 'cli.js')
const folder = mkdtempSync(join(tmpdir(), 'ct-stream-search-'))
const certificates = madeCertificates(20)

beforeAll(async () => {
  const everything = defineModule({
    name: 'everything',
    onCertificate: (_, { emit }) => emit({ kind: 'seen', severity: 'low', reason: 'it was there' }),
  })
  await runModules(certificates, [everything, sqlite.with({ file: join(folder, 'findings.db') })]).done
})
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** In the folder, so that the default file is found. */
function run(...argv: string[]): Promise<{ code: number; stdout: string; stderr: string }> {
  return new Promise((done) => {
    execFile(process.execPath, [cli, 'search', ...argv], { cwd: folder }, (error, stdout, stderr) =>
      done({ code: error === null ? 0 : Number(error.code), stdout, stderr }),
    )
  })
}

describe('the built `ct-stream search`', () => {
  it('finds the findings that the output sqlite has stored', async () => {
    const name = certificates[7]?.dnsNames[0] ?? ''
    const { code, stdout, stderr } = await run(`=${name.replace('*.', '')}`, '--since', '1h', '--json')
    expect([code, stderr]).toEqual([0, ''])
    expect(JSON.parse(stdout)).toMatchObject([{ kind: 'seen', certificate: { dnsNames: certificates[7]?.dnsNames } }])
    expect((await run(`*.${name.split('.').at(-1)}`, '--limit', '3')).stdout).toMatch(
      /^FIRST SEEN .*\n(.* everything: seen .*\n)+$/,
    )
  })

  it('fails with one line if there is no database', async () => {
    const { code, stdout, stderr } = await run('example.com', '--db', 'none.db')
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^ct-stream: there is no database of findings none\.db: [^\n]+ \(CT_OUTPUT_FAILED\)\n$/)
  })
})
