import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { stripVTControlCharacters } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { statsPage } from '../../../../src/cli/stats/stats-page.js'
import { statsText } from '../../../../src/cli/stats/stats-text.js'
import { bar } from '../../../../src/cli/terminal/bars.js'
import { ansiStyle, noStyle } from '../../../../src/cli/terminal/style.js'
import { widthOf } from '../../../../src/cli/terminal/width.js'
import { decodeSingle } from '../../../../src/decode/single-certificate.js'
import { inspectCertificate } from '../../../../src/intelligence/inspect.js'
import { CertificateStatistics } from '../../../../src/intelligence/statistics.js'
import type { StatisticsReport } from '../../../../src/intelligence/statistics-report.js'
import { issueCertificates } from '../../../../src/testing/index.js'
import { quietController } from '../../../../src/util/abort.js'
import { systemClock } from '../../../../src/util/clock.js'
import { madeCertificates } from '../../../support/module-certificates.js'
import { testServer } from '../../certstream/server.js'
import { type EmbeddedLogs, embeddedLogs, runWith } from '../embedded.js'
import { sink } from '../sample-io.js'

let logs: EmbeddedLogs
let folder = ''
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'ct-stream-stats-'))
  logs = await embeddedLogs()
  writeFileSync(join(folder, 'list.json'), logs.list)
})
afterAll(async () => {
  await logs.close()
  rmSync(folder, { recursive: true, force: true })
})

const run = (argv: readonly string[], changes: object = {}) =>
  runWith(['stats', '--log-list', join(folder, 'list.json'), '--start', 'beginning', ...argv], {
    changes: { clock: systemClock, ...changes },
  })

const HOSTILE = `<script src="https://evil.test/x.js"></script>"'&\u001b[31m\u202e`

/** Of certificates, one of which has an issuer whose name wants to be markup. */
function hostileReport(): StatisticsReport {
  let passed = 0
  const clock = { now: () => Date.UTC(2026, 0, 1) + passed, elapsed: () => passed, sleep: async () => {} }
  const statistics = new CertificateStatistics({ clock, warmUpMs: 0, certificateDelayMs: 1000 })
  const hostile = [
    ...issueCertificates({ dnsNames: ['localhost'], issuer: { organization: HOSTILE, commonName: HOSTILE } }),
  ]
  for (const cert of [
    ...madeCertificates(200, { kinds: 'pairs' }),
    ...hostile.map(({ der }) => decodeSingle(der, {})),
  ]) {
    statistics.add(cert, inspectCertificate(cert).breaches)
    passed += 100
  }
  return statistics.report()
}

describe('ct-stream stats', () => {
  it('says that it runs no modules of a config file that was named', async () => {
    const files = { 'my.json': JSON.stringify({ modules: ['watchlist'] }) }
    const argv = ['stats', '--log-list', join(folder, 'list.json'), '--end', 'head', '--config', 'my.json']
    const { code, stderr } = await runWith(argv, { files, changes: { clock: systemClock } })
    expect([code, stderr]).toEqual([0, 'warn: ct-stream stats runs no modules: those of my.json are left out\n'])
  })

  it('counts to the end of the logs, and reports with bars', async () => {
    const { code, stdout, stderr } = await run(['--end', 'head'])
    expect([code, stderr]).toEqual([0, ''])
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^600 entries in .*: [\d,]+ precertificates, [\d,]+ certificates, 0 unparsable/)
    for (const title of [
      'CAs',
      'Issuers',
      'Logs',
      'Keys',
      'Validity',
      'Validation',
      'Top-level domains',
      'Registrable domains',
    ])
      expect(lines).toContain(title)
    expect(stdout).toMatch(/^Example Willow 2026 +█+ +300 +50\.0 %$/m)
    for (const line of lines) expect(widthOf(line)).toBeLessThanOrEqual(80)
  })

  it.each<[readonly string[], number | null]>([
    [[], 0],
    [['--dedupe', 'certificate'], 0],
    [['--dedupe', 'issuance'], null],
    [['--only', 'precertificates'], null],
  ])('counts precertificates without a certificate where both are shown: %s', async (flags, share) => {
    let passed = 0
    // A quarter of an hour from one entry to the next, for days.
    const clock = { ...systemClock, elapsed: () => (passed += 900_000) }
    const { code, stdout } = await run(['--end', 'head', '--json', ...flags], { clock })
    expect(code).toBe(0)
    expect((JSON.parse(stdout) as StatisticsReport).withoutCertificate.share).toBe(share)
  })

  it.each<[query: string, isCounted: boolean]>([
    ['', true],
    ['?format=full', true],
    ['?dedupe=issuance', false],
    ['?kind=precertificate', false],
  ])('counts precertificates alone if the URL of a server leaves none out: %s', async (query, isCounted) => {
    const certificates = madeCertificates(60, { kinds: 'pairs' })
    const server = await testServer((client) => {
      for (const cert of certificates) client.send(JSON.stringify(cert.toCertStream('full')))
    })
    let passed = 0
    const clock = { ...systemClock, elapsed: () => (passed += 3_600_000) }
    const argv = ['stats', '--source', `${server.url}${query}`, '--json', '--limit', String(certificates.length)]
    const { code, stdout } = await runWith(argv, { changes: { clock } })
    expect(code).toBe(0)
    const report = JSON.parse(stdout) as StatisticsReport
    expect([report.precertificates > 0, report.certificates > 0]).toEqual([true, true])
    expect(report.withoutCertificate.share !== null).toBe(isCounted)
  })

  it('stops at a limit, in JSON, with as many rows as asked for', async () => {
    const { code, stdout } = await run(['--limit', '450', '--json', '--rows', '2'])
    expect(code).toBe(0)
    expect(stdout.trimEnd()).not.toContain('\n')
    const report = JSON.parse(stdout) as StatisticsReport
    expect(report.entries).toBe(450)
    expect(report.counts.registrableDomains.rows).toHaveLength(2)
  })

  it('reports every now and then, until it is stopped, and once more then', async () => {
    const stop = quietController()
    const out = sink()
    let reports = 0
    const clock = {
      ...systemClock,
      // Passes the time between reports at once.
      sleep: async (ms: number, signal?: AbortSignal) => {
        if (ms !== 60_000) return systemClock.sleep(ms, signal)
        await systemClock.sleep(20, signal)
        if (++reports === 3) stop.abort()
      },
    }
    const { code, stderr } = await run(['--every', '1m', '--json'], { stop: stop.signal, clock, stdout: out.stream })
    expect([code, stderr]).toEqual([0, ''])
    const lines = out.text().trimEnd().split('\n')
    expect(lines.length).toBeGreaterThanOrEqual(3)
    const counted = lines.map((line) => (JSON.parse(line) as StatisticsReport).entries)
    expect(counted).toEqual([...counted].sort((a, b) => a - b))
  })

  it('writes a page, and says at once when it cannot', async () => {
    const file = join(folder, 'report.html')
    expect(await run(['--end', 'head', '--html', file])).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(file, 'utf8')).toMatch(/^<!doctype html>[\s\S]*600 entries[\s\S]*<\/html>\n$/)
    const { code, stdout, stderr } = await run(['--html', join(folder, 'none', 'report.html')])
    expect([code, stdout]).toEqual([1, ''])
    expect(stderr).toMatch(/^ct-stream: the report .* cannot be written: ENOENT[^\n]* \(CT_OUTPUT_FAILED\)\n$/)
  })

  it.each([
    [['--every', '0s'], '--every must be a duration from 1s to 366d'],
    [['--rows', '0'], '--rows must be an integer from 1 to 1000'],
    [['--checkpoint', 'a.db'], '--checkpoint is no flag of ct-stream stats'],
  ])('refuses %j as bad usage', async (argv, message) => {
    const { code, stdout, stderr } = await run(argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toContain(message)
  })
})

describe('the report as text', () => {
  it.each([20, 30, 40, 60, 80, 120, 300])('fits %i columns, whatever is in certificates', (width) => {
    for (const style of [noStyle, ansiStyle])
      for (const line of statsText(hostileReport(), style, width).split('\n')) {
        expect(widthOf(stripVTControlCharacters(line))).toBeLessThanOrEqual(Math.min(width, 120))
        expect(stripVTControlCharacters(line)).not.toMatch(/[\p{Cc}\p{Cf}]/u)
      }
  })

  it('has bars in proportion, to an eighth of a column', () => {
    expect([1, 0.5, 0.25, 1 / 32, 0.000001, 0].map((share) => bar(share, 4))).toEqual(['████', '██', '█', '▏', '▏', ''])
    expect(bar(7, 4)).toBe('████')
  })

  it('says when there was nothing', () => {
    expect(statsText(new CertificateStatistics({ domains: 1000, keys: 1000 }).report(), noStyle)).toMatch(
      /^0 entries in [^\n]*\n$/,
    )
  })
})

describe('the report as a page', () => {
  const page = statsPage(hostileReport())

  it('contains text of certificates only escaped', () => {
    expect(page).toContain(
      '&lt;script src=&quot;https://evil.test/x.js&quot;&gt;&lt;/script&gt;&quot;&#39;&amp;\\x1b[31m',
    )
    expect(page.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    // Every tag there is, without what is text between them.
    const tags = [...page.matchAll(/<\/?([a-z0-9!]+)/g)].map(([, name]) => name)
    const known = 'html head meta title style body h1 h2 p svg g text rect'.split(' ')
    expect([...new Set(tags)].filter((name) => name !== '!doctype' && !known.includes(name ?? ''))).toEqual([])
  })

  it('asks for nothing, and is not allowed to', () => {
    const markup = page.replace(/>[^<]*</g, '><').replace(/<title>[^<]*<\/title>/g, '')
    expect(markup).not.toMatch(/https?:|\/\/|url\(|@import|\ssrc=|\shref=|\son[a-z]+=/i)
    expect(page).toMatch(
      /<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'sha256-[A-Za-z0-9+/=]{44}'/,
    )
    expect(page).not.toMatch(/\sstyle=/)
  })

  it('closes what it opens, in order', () => {
    const open: string[] = []
    for (const [whole, slash, name = ''] of page.matchAll(/<(\/?)([a-z0-9]+)[^>]*>/g)) {
      if (name === 'meta' || whole.endsWith('/>')) continue
      if (slash === '') open.push(name)
      else expect(open.pop()).toBe(name)
    }
    expect(open).toEqual([])
  })
})
