import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { Values } from '../../../../src/cli/flags/values.js'
import type { CliIo } from '../../../../src/cli/io.js'
import { watchRequest } from '../../../../src/cli/watchlist/request.js'
import { volumeText } from '../../../../src/cli/watchlist/volume-text.js'
import { createTestLog, issueCertificates, type TestLog } from '../../../../src/testing/index.js'
import type { Finding } from '../../../../src/types/finding.js'
import { systemClock } from '../../../../src/util/clock.js'
import { runWith } from '../embedded.js'

const folder = mkdtempSync(join(tmpdir(), 'ct-stream-watch-'))
const path = (name: string) => join(folder, name)
let log: TestLog
beforeAll(async () => {
  const names = ['mail.example.com', 'examp1e-login.top', 'secure-acme-login.top', 'nothing.example.net']
  log = await createTestLog({
    kind: 'rfc6962',
    entries: issueCertificates(names.map((name) => ({ dnsNames: [name], kind: 'pair' as const }))),
  })
})
afterAll(async () => {
  await log.close()
  rmSync(folder, { recursive: true })
})

const run = (argv: readonly string[], changes: Partial<CliIo> = {}) =>
  runWith(['watch', ...argv], { changes: { clock: systemClock, ...changes } })
const logFlags = () => ['--log', log.url, '--key', log.key, '--no-checkpoint', '--start', 'beginning']
const watch = (...argv: string[]) => run([...argv, ...logFlags(), '--end', 'head'])
const alertsIn = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Finding)
    .map(({ kind, certificate }) => `${kind} ${certificate.dnsNames.join(' ')}`)

describe('ct-stream watch', () => {
  it('reports who issues for a domain and who imitates it, once each, and says before what an alert is', async () => {
    const { code, stdout, stderr } = await watch('example.com')
    expect(code).toBe(0)
    expect(alertsIn(stdout)).toEqual(['new-name mail.example.com', 'lookalike examp1e-login.top'])
    const [first, second] = stderr.split('\n')
    expect(first).toBe(
      'info: watching example.com and all below, look-alikes of example (from score 60); alerts go to stdout',
    )
    expect(second).toMatch(/^info: an alert looks like this: \S+Z {2}medium 90 +login\.example\.com .* new-name /)
  })

  it('says so as JSON lines for programs, and nothing with --quiet', async () => {
    const { stderr } = await watch('example.com', '--brand', 'Acme', '--log-format', 'json')
    const messages = stderr
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line))
    expect(messages.map(({ level, message }) => [level, message.slice(0, 8)])).toEqual([
      ['info', 'watching'],
      ['info', 'an alert'],
    ])
    expect((await watch('example.com', '--quiet')).stderr).toBe('')
  })

  it('takes named brands, no brands, a score, and domains that are not look-alikes', async () => {
    expect(alertsIn((await watch('example.org', '--brand', 'Acme')).stdout)).toEqual([
      'lookalike secure-acme-login.top',
    ])
    expect(alertsIn((await watch('example.com', '--brand', '-')).stdout)).toEqual(['new-name mail.example.com'])
    expect(alertsIn((await watch('example.org', '--score', '100')).stdout)).toEqual([])
    expect(
      alertsIn((await watch('example.org', '--brand', 'Acme', '--allow', 'secure-acme-login.top')).stdout),
    ).toEqual([])
  })

  it('says that an issuer is not the expected one', async () => {
    const { stdout } = await watch('example.com', '--brand', '-', '--expected-issuer', 'Somebody Else')
    expect(alertsIn(stdout)).toEqual(['unexpected-issuer mail.example.com'])
  })

  it('takes brands from a list, instead of the word of the domain, and says where a line is none', async () => {
    writeFileSync(path('brands.txt'), 'Acme: acme, acme.example\n')
    const { stdout, stderr } = await watch('example.com', '--brand-list', path('brands.txt'))
    expect(alertsIn(stdout)).toEqual(['new-name mail.example.com', 'lookalike secure-acme-login.top'])
    expect(stderr).toContain(`the list ${path('brands.txt')}`)
    writeFileSync(path('brands.txt'), 'Acme: acme\nBad: -\n')
    const refused = await run(['explain', 'a.example', '--brand-list', path('brands.txt')])
    expect(refused.code).toBe(2)
    expect(refused.stderr).toContain(`${path('brands.txt')}:2: `)
  })

  it('takes more names, words and patterns from files', async () => {
    writeFileSync(path('own.txt'), 'mail.example.com\n')
    writeFileSync(path('words.txt'), 'nothing # a word\n')
    const { stdout } = await watch('--list', path('own.txt'), '--list', `words:${path('words.txt')}`)
    expect(alertsIn(stdout)).toEqual(['new-name mail.example.com', 'word nothing.example.net'])
  })

  it('writes alerts to a file instead of stdout', async () => {
    const file = path('alerts.jsonl')
    const { stdout, stderr } = await watch('example.com', '--jsonl', file)
    expect(stdout).toBe('')
    expect(stderr).toMatch(/alerts go to --jsonl\n/)
    expect(alertsIn(readFileSync(file, 'utf8'))).toHaveLength(2)
  })

  it.skipIf(process.platform === 'win32')('runs a program for each, with its arguments', async () => {
    const out = path('program.txt')
    const script = 'echo "$CT_FINDING_KIND" >> "$0"'
    const { code } = await watch(
      'example.com',
      '--exec',
      'sh',
      '--exec-arg=-c',
      '--exec-arg',
      script,
      '--exec-arg',
      out,
    )
    expect(code).toBe(0)
    expect(readFileSync(out, 'utf8').split('\n').sort()).toEqual(['', 'lookalike', 'new-name'])
  })

  it('ignores a filter of a config file, which is for commands that show certificates', async () => {
    const files = { 'ct-stream.config.json': JSON.stringify({ domain: ['example.net'], dedupe: 'issuance' }) }
    const { stdout } = await runWith(['watch', 'example.com', ...logFlags(), '--end', 'head'], {
      files,
      changes: { clock: systemClock },
    })
    expect(alertsIn(stdout)).toHaveLength(2)
  })

  it('takes no program, and no place to send alerts to, of a config file', async () => {
    for (const key of ['exec', 'webhook', 'jsonl', 'mail', 'smtp', 'list']) {
      const files = { 'ct-stream.config.json': JSON.stringify({ [key]: 'x' }) }
      const { code, stderr } = await runWith(['watch', 'example.com'], { files })
      expect([code, stderr]).toEqual([2, expect.stringMatching(`unknown key in ct-stream.config.json: ${key}`)])
    }
  })

  it('refuses modules of a config file that was named, which would get no alert', async () => {
    const files = {
      'my.json': JSON.stringify({ modules: [{ module: 'webhook', options: { url: 'https://a.test' } }] }),
    }
    for (const more of [[], ['--demo'], ['--init']]) {
      const argv = ['watch', 'example.com', '--config', 'my.json', ...more]
      const { code, stdout, stderr } = await runWith(argv, { files })
      expect([code, stdout]).toEqual([2, ''])
      expect(stderr).toContain('ct-stream watch runs no modules of my.json')
      expect(stderr).toContain('ct-stream --config my.json')
    }
  })

  it('reads flags from a config file that was named, and one with modules that was only found', async () => {
    for (const [name, content, flags] of [
      ['my.json', { format: 'text' }, ['--config', 'my.json']],
      ['ct-stream.config.json', { format: 'text', modules: ['watchlist'] }, []],
    ] as const) {
      const files = { [name]: JSON.stringify(content) }
      const argv = ['watch', 'example.com', ...logFlags(), '--end', 'head', ...flags]
      const { code, stdout } = await runWith(argv, { files, changes: { clock: systemClock } })
      expect([code, stdout.split('\n')[0]]).toEqual([0, expect.stringContaining(' new-name ')])
    }
  })

  it.each([
    [['exmaple.cmo'], /"exmaple\.cmo": there is no \.cmo on the public internet, did you mean exmaple\.com\?/],
    [['mail.corp.internal'], /there is no \.internal on the public internet; if you mean it/],
    [['https://www.example.com/login'], /got "https:\/\/www\.example\.com\/login": did you mean www\.example\.com\?/],
    [['.example.com'], /got "\.example\.com": did you mean \*\.example\.com\?/],
    [['me@example.com'], /did you mean example\.com\?/],
    [['example'], /got "example": did you mean example\.com\?/],
    [['com'], /got "com"$/m],
    [['co.uk'], /below co\.uk everybody has names/],
    [['github.io'], /below github\.io everybody has names/],
    [['exa mple.com'], /takes a domain .* got "exa mple\.com"/],
    [[], /needs a domain of yours/],
    [['example.com', '--brand', '!!'], /--brand must be a name that has 2 to 63 letters/],
    [['example.com', '--score', '101'], /--score must be an integer from 0 to 100/],
    [['example.com', '--mail', 'me@example.com'], /--mail needs --smtp, or CT_STREAM_SMTP/],
    [['example.com', '--smtp', 'smtps://mail.example.com'], /--smtp goes with --mail/],
    [
      ['example.com', '--mail', 'me', '--smtp', 'smtp://mail.example.com'],
      /--mail: module `smtp`: option `to\[0\]`: must be an address/,
    ],
    [['example.com', '--webhook', 'hooks.example.com'], /--webhook: module `webhook`: option `url`/],
    [['example.com', '--exec-arg', 'x'], /--exec-arg goes with --exec/],
    [['explain'], /explain NAME example\.com/],
  ])('refuses %j, and says what to do', async (argv, message) => {
    const { code, stderr } = await run(argv)
    expect(code).toBe(2)
    expect(stderr).toMatch(message)
  })

  it.each([
    ['https://hooks.slack.com/services/x', 'slack'],
    ['https://discord.com/api/webhooks/1/x', 'discord'],
    ['https://example.webhook.office.com/webhookb2/x', 'teams'],
    ['https://hooks.slack.com.evil.example/', undefined],
  ])('knows what %s expects', (url, shape) => {
    const { outputs } = watchRequest(new Values(new Map([['webhook', { value: url, from: '--webhook' }]])), [
      'example.com',
    ])
    expect(outputs[0]?.spec.options).toEqual({ url, ...(shape !== undefined && { shape }) })
  })
})

describe('ct-stream watch --demo', () => {
  it('ends with an alert of each kind, from a log of its own', async () => {
    const { code, stdout } = await run(['example.com', '--demo', '--format', 'text'])
    expect(code).toBe(0)
    expect(stdout.split('\n').slice(0, -1)).toEqual([
      expect.stringMatching(/Z {2}medium 90 +login\.example\.com .* new-name own names .* Demo log/),
      expect.stringMatching(/Z {2}\w+ \d+ +example-login\.top .* lookalike example example-login\.top .* Demo log/),
    ])
    expect(alertsIn((await run(['--demo', '--brand', 'Acme'])).stdout)).toEqual(['lookalike acme-login.top'])
  })
})

describe('ct-stream watch --init', () => {
  it('writes a file of what the command does, and does not go with a demonstration', async () => {
    const { code, stdout, stderr } = await run(['example.com', '--demo', '--init'])
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/--demo.*--init|--init.*--demo/)
  })
})

describe('ct-stream watch explain', () => {
  it('says which rules a name meets and why, and whether it would be an alert', async () => {
    const { code, stdout } = await run(['explain', 'examp1e-login.top', 'example.com'])
    expect(code).toBe(0)
    expect(stdout).toMatch(/^"examp1e-login\.top"\n {2}look-alike of "example" \(example\): score 75\n/)
    expect(stdout).toMatch(/examp1e reads as example at 0 to 7/)
    expect(stdout).toMatch(/\n {2}an alert: lookalike, high, score 75\n$/)
  })

  it('says so where there is no alert, in harmless characters', async () => {
    expect((await run(['explain', 'other.net', 'example.com'])).stdout).toMatch(/meets no rule\n {2}no alert\n$/)
    const weak = await run(['explain', 'examp1e-login.top', 'example.com', '--score', '90'])
    expect(weak.stdout).toMatch(/no alert as a look-alike: its score is below 90/)
    const hostile = await run(['explain', '\u001b[31mxn--\u202e.example.com', 'example.com'])
    expect(hostile.stdout).toMatch(/^[\n\x20-\x7e]*$/)
  })
})

describe('ct-stream watch test', () => {
  it('warns of rules that are too broad, and counts the alerts that the logs would make', async () => {
    writeFileSync(path('broad.txt'), 'github.io\nexample.com\nexample.net\n')
    const { code, stdout } = await run(['test', path('broad.txt'), '--brand', 'Acme', ...logFlags()])
    expect(code).toBe(0)
    const lines = stdout.split('\n')
    expect(lines[0]).toMatch(/^too broad\? own: below github\.io strangers have names/)
    expect(lines.slice(1)).toEqual([
      '3 alerts in 4 issuances of 1 log: about 750,000 in a million',
      '  1 by own example.com',
      '  1 by look-alikes of Acme',
      '  1 by own example.net',
      '',
    ])
  })

  it('names file and line of an invalid rule, and works without an estimate', async () => {
    writeFileSync(path('broken.txt'), 'example.com\nno name at all\n')
    const broken = await run(['test', path('broken.txt')])
    expect([broken.code, broken.stderr]).toEqual([2, expect.stringMatching(/broken\.txt:2: must be a name of yours/)])
    writeFileSync(path('good.txt'), 'example.com\n')
    expect((await run(['test', path('good.txt'), '--sample', '0'])).stdout).toBe('no rule is too broad by itself\n')
    const later = [...logFlags().slice(0, 5), '--start', '2100-01-01']
    expect((await run(['test', path('good.txt'), ...later])).stdout).toMatch(/no estimate: these logs have no/)
  })

  it('says in words how many a day, and how few, when there was none', () => {
    const of = (alerts: [string, number][], issuancesPerDay?: number) =>
      volumeText({ issuances: 1000, logs: 2, alerts, issuancesPerDay })
    expect(of([['own x', 2]], 1_000_000)).toBe(
      '2 alerts in 1,000 issuances of 2 logs: about 2,000 a day, of the 1,000,000 issuances a day that these logs show\n  2 by own x\n',
    )
    expect(of([])).toBe('0 alerts in 1,000 issuances of 2 logs: fewer than 3,000 in a million\n')
  })
})
