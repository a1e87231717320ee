import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { decodeSingle } from '../../../src/decode/single-certificate.js'
import { CertificateStatistics, defineModule, type Finding, runModules } from '../../../src/modules/index.js'
import { intelligence, intelligenceModule } from '../../../src/modules/intelligence.js'
import { optionsSchema } from '../../../src/modules/json-schema.js'
import { issueCertificates } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'

const weak: CtCertificate[] = [
  ...issueCertificates([
    { dnsNames: ['localhost', 'a_b.example.com'] },
    { dnsNames: ['*.co.uk'] },
    { dnsNames: ['a.example.com'] },
  ]),
].map(({ der }, index) => decodeSingle(der, { index }))

async function findings(options: Parameters<typeof intelligence.with>[0], module = intelligence) {
  const found: Finding[] = []
  const collect = defineModule({ name: 'collect', onFinding: (finding) => void found.push(finding) })
  await runModules(weak, [module.with(options), collect]).done
  return found
}

describe('the module `intelligence`', () => {
  it('reports each rule that a certificate breaks, once an issuance, with its clause and name', async () => {
    const found = await findings({ ignore: ['sct-count', 'aia-missing', 'revocation-missing'] })
    expect(found.map(({ kind, severity, certificate }) => [certificate.index, kind, severity])).toEqual([
      [0, 'name-internal', 'high'],
      [0, 'name-underscore', 'low'],
      [1, 'wildcard-suffix', 'high'],
    ])
    expect(found[0]).toMatchObject({
      module: 'intelligence',
      subject: 'name-internal',
      reasons: [{ text: 'internal name: localhost (BR 7.1.2.7.12)', name: 'localhost' }],
    })
  })

  it('leaves out what is less severe than asked for', async () => {
    const found = await findings({ minSeverity: 'high' })
    expect(found.map(({ kind }) => kind)).toEqual(['name-internal', 'wildcard-suffix'])
  })

  it('counts for the program', async () => {
    const statistics = new CertificateStatistics()
    await findings({ minSeverity: 'critical' }, intelligenceModule({ statistics }))
    const { entries, counts } = statistics.report()
    expect(entries).toBe(3)
    expect(counts.rules.rows).toContainEqual({ name: 'wildcard-suffix', count: 1, error: 0 })
  })

  it('writes a report at the end, whole', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-intelligence-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    await findings({ report: join(folder, 'report.json') })
    expect(readdirSync(folder)).toEqual(['report.json'])
    expect(JSON.parse(readFileSync(join(folder, 'report.json'), 'utf8'))).toMatchObject({ entries: 3 })
  })

  it('goes on when its report cannot be written, and says so', async () => {
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} }
    await runModules(weak, [intelligence.with({ report: '/nowhere/at/all/report.json' })], { logger }).done
    expect(warnings.join('\n')).toContain('the report cannot be written: ENOENT')
  })

  it('reads lists of weak keys, and names the line of one that is none', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-intelligence-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const [good, bad] = [join(folder, 'good.txt'), join(folder, 'bad.txt')]
    writeFileSync(good, `# ours\n${weak[2]?.publicKey?.spkiSha256}\n`)
    writeFileSync(bad, 'no key\n')
    const found = await findings({ minSeverity: 'critical', weakKeyLists: [good] })
    expect(found.map(({ kind, certificate }) => [kind, certificate.index])).toEqual([['key-known-weak', 2]])
    await expect(findings({ weakKeyLists: [bad] })).rejects.toThrow(/bad\.txt, line 1/)
  })

  it('refuses a rule that does not exist, and has a schema for editors', async () => {
    await expect(findings({ ignore: ['no-rule' as 'key-roca'] })).rejects.toMatchObject({ code: 'CT_OPTION_INVALID' })
    expect(JSON.stringify(optionsSchema(intelligence))).toContain('wildcard-suffix')
  })
})
