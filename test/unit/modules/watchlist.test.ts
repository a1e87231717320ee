import { mkdtempSync, rmSync, utimesSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { defineModule, type RunModulesOptions, runModules } from '../../../src/modules/index.js'
import { type WatchlistModuleOptions, watchlist, watchlistModule } from '../../../src/modules/watchlist.js'
import { type CertificateRequest, issueCertificates } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { Finding } from '../../../src/types/finding.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { ListServer } from '../../support/list-server.js'
import { deliveredCertificates, logNamed } from '../../support/module-certificates.js'
import { quiet } from '../../support/reader.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const issued = (...requests: CertificateRequest[]) => deliveredCertificates(issueCertificates(requests))
const named = (...names: string[]) => issued(...names.map((name) => ({ dnsNames: [name] })))

/** Watches on a clock of its own; `messages` are what the run said. */
function watching(options: WatchlistModuleOptions, module = watchlist, runOptions: RunModulesOptions = {}) {
  const findings: Finding[] = []
  const messages: string[] = []
  const say = (message: string) => void messages.push(message)
  const clock = new VirtualClock()
  const source = new PageSource([], { staysOpen: true })
  const sink = defineModule({ name: 'sink', acknowledge: true, onFinding: (finding) => void findings.push(finding) })
  const run = runModules(source, [module.with(options), sink], {
    ...runOptions,
    clock,
    logger: { debug: () => {}, info: say, warn: say, error: say },
  })
  run.done.catch(() => {})
  onTestFinished(() => run.stop().catch(() => {}))
  const pass = async (ms: number) => {
    await clock.pass(ms)
    // The list is at a real server, or in a real file; when all are read, the module sleeps again.
    do await quiet(1)
    while (clock.sleeping === 0)
  }
  let given = 0
  return {
    findings,
    messages,
    clock,
    run,
    /** Kinds and subjects of what comes of certificates. */
    async give(certificates: CtCertificate[]) {
      given += certificates.length
      const before = findings.length
      source.add(certificates)
      while (run.status().certificates < given || run.status().unacknowledged > 0) {
        if (run.status().modules.some(({ state }) => state === 'failed')) await run.done
        await quiet(1)
      }
      return findings.slice(before).map(({ kind, subject }) => [kind, subject])
    },
    pass,
    /** Until the lists are looked at again, and until a file that has changed is found still. */
    async passUntilTaken(reloadMs: number) {
      await pass(reloadMs)
      await pass(2000)
    },
  }
}

const brands = [{ name: 'Example', tokens: ['example'], domains: ['example.com'] }]

describe('the module watchlist', () => {
  it('reports own names and look-alikes, with severity, score, and reasons that say where in which name', async () => {
    const { give, findings } = watching({ own: ['example.com'], brands })
    expect(await give(named('mail.example.com', 'examp1e-login.top', 'nothing.example.net'))).toEqual([
      ['new-name', 'own names'],
      ['lookalike', 'Example examp1e-login.top'],
    ])
    const [own, lookalike] = findings as [Finding, Finding]
    expect(own).toMatchObject({ module: 'watchlist', severity: 'medium', score: 90 })
    expect(own.reasons[0]).toEqual({
      text: 'a name below example.com',
      points: 90,
      name: 'mail.example.com',
      at: [5, 16],
    })
    expect(lookalike.severity).toBe(lookalike.score >= 75 ? 'high' : 'medium')
    const [{ name = '', at = [0, 0] } = {}] = lookalike.reasons
    expect(name.slice(...at)).toBe('examp1e')
    expect(lookalike.certificate.dnsNames).toEqual(['examp1e-login.top'])
  })

  it('makes one finding of a precertificate and its certificate, of all own names in it, and the same id in every run', async () => {
    const pair = issued({ dnsNames: ['a.example.com', 'b.example.com', 'examp1e-login.top'], kind: 'pair' })
    const ids = []
    for (const order of [pair, [...pair].reverse()]) {
      const { give, findings } = watching({ own: ['example.com'], brands })
      expect(await give(order)).toHaveLength(2)
      ids.push(findings.map(({ id }) => id))
    }
    expect(ids[0]).toEqual(ids[1])
  })

  it('says that an issuer is none of the expected ones, in whatever order the two entries come, and once', async () => {
    const pair = issued({ dnsNames: ['a.example.com'], kind: 'pair' })
    const options = { own: ['example.com'], issuers: [`key:${'ab'.repeat(32)}`] }
    expect(await watching(options).give(pair)).toEqual([['unexpected-issuer', 'issuer of own names']])
    expect(await watching(options).give([...pair].reverse())).toEqual([
      ['new-name', 'own names'],
      ['unexpected-issuer', 'issuer of own names'],
    ])
  })

  it('is silent about renewals and weak look-alikes, unless told otherwise', async () => {
    const certificates = named('www.example.com', 'my-example.net')
    const known = ['name:www.example.com']
    expect(await watching({ own: ['example.com'], brands, known }).give(certificates)).toEqual([])
    const options = { own: ['example.com'], brands, known, quiet: [], lookalikeScore: 1 }
    expect((await watching(options).give(certificates)).map(([kind]) => kind)).toEqual(['renewal', 'lookalike'])
  })

  it('makes one alert of the look-alikes below one domain and day, and says with the next how many there were', async () => {
    const { give, clock, findings, run } = watching({ brands })
    const names = (...below: string[]) => named(...below.map((label) => `${label}.examp1e-login.top`))
    expect(await give(names('a', 'b', 'c'))).toEqual([['lookalike', 'Example examp1e-login.top']])
    expect(await give(named('www.examp1e-login.top', 'examp1e-signin.top'))).toEqual([
      ['lookalike', 'Example examp1e-signin.top'],
    ])
    await clock.pass(86_399_999)
    expect(await give(names('d'))).toEqual([])
    await clock.pass(1)
    expect(await give(names('e'))).toHaveLength(1)
    expect(findings.at(-1)?.reasons.at(-1)).toEqual({ text: '4 more certificates of it since the last alert' })
    expect(run.status().modules[0]).toMatchObject({ emitted: 3 })
  })

  it('reports a look-alike again that is more severe, or all of them where that is asked for', async () => {
    const certificates = named('my-example.net', 'secure-login.my-example.net', 'mail.my-example.net')
    const options = { brands, lookalikeScore: 1 }
    const severities = (findings: readonly Finding[]) => findings.map(({ severity }) => severity)
    const folded = watching(options)
    await folded.give(certificates)
    const all = watching({ ...options, lookalikeEveryMs: 0 })
    await all.give(certificates)
    expect(all.findings).toHaveLength(3)
    expect(severities(folded.findings)).toEqual(severities(all.findings).slice(0, 2))
    expect(new Set(severities(folded.findings)).size).toBe(2)
  })

  it.each([
    ['an hour', 3_600_000, {}],
    ['a day, where the run remembers findings for a week', 86_400_000, { rememberFindingsMs: 7 * 86_400_000 }],
  ])('begins no period with a repeat, which is no alert: one in %s', async (_, everyMs, runOptions) => {
    const { give, clock, findings, run } = watching({ brands, lookalikeEveryMs: everyMs }, watchlist, runOptions)
    const [precertificate, certificate] = issued({ dnsNames: ['a.examp1e-login.top'], kind: 'pair' })
    expect(await give([precertificate as CtCertificate])).toHaveLength(1)
    expect(await give(named('b.examp1e-login.top', 'b2.examp1e-login.top'))).toEqual([])
    for (const label of ['c', 'd', 'e']) {
      await clock.pass(everyMs)
      // Such as from another log, each time before what is new.
      expect(await give([certificate as CtCertificate])).toEqual([])
      expect(await give(named(`${label}.examp1e-login.top`))).toHaveLength(1)
    }
    expect(findings[1]?.reasons.at(-1)).toEqual({ text: '2 more certificates of it since the last alert' })
    expect(run.status().modules[0]).toMatchObject({ emitted: 4, repeats: 3 })
  })

  it('makes one finding of a look-alike that comes as precertificate and certificate', async () => {
    const { give, run } = watching({ brands })
    const pair = issued({ dnsNames: ['examp1e-login.top'], kind: 'pair' })
    expect(await give(pair)).toHaveLength(1)
    expect(run.status().modules[0]).toMatchObject({ emitted: 1, repeats: 1 })
  })

  it('makes one finding of a certificate that several logs have', async () => {
    const { give } = watching({ own: ['example.com'], brands })
    const made = issueCertificates([{ dnsNames: ['a.example.com', 'examp1e-login.top'] }])
    expect(await give(deliveredCertificates(made, { log: logNamed('one') }))).toHaveLength(2)
    expect(await give(deliveredCertificates(made, { log: logNamed('two') }))).toEqual([])
  })

  it('reads a certificate that has an address, no name, and an empty common name', async () => {
    const certificates = issued({ ipAddresses: ['192.0.2.7'], subject: { commonName: '' } })
    const own = [['new-name', 'own names']]
    expect(await watching({ own: ['example.com', 'ip:192.0.2.0/24'] }).give(certificates)).toEqual(own)
    expect(await watching({ own: ['example.com'], brands, patterns: ['a'] }).give(certificates)).toEqual([])
  })

  it.each([
    ['=xn--bcher-kva.example.com', 'low'],
    ['example.com', 'medium'],
    ['*.example.com', 'medium'],
  ])('reads a common name in Unicode, which no other name repeats: %s is of %s severity', async (rule, severity) => {
    const { give, findings } = watching({ own: [rule] })
    await give(issued({ subject: { commonName: 'b\u00fccher.example.com' } }))
    expect(findings.map(({ kind, severity }) => [kind, severity])).toEqual([['new-name', severity]])
  })

  it('reports so many unreadable entries an hour', async () => {
    const broken = (count: number, start: number) =>
      deliveredCertificates(
        Array.from({ length: count }, (_, i) => ({
          ...(issueCertificates(1)[Symbol.iterator]().next().value as ReturnType<typeof issueCertificates>[number]),
          kind: 'certificate' as const,
          der: Buffer.from(`no certificate ${start + i}`),
        })),
        { start },
      )
    const { give, clock } = watching({ own: ['example.com'], unreadablePerHour: 2 })
    expect(await give(broken(5, 0))).toHaveLength(2)
    await clock.pass(3_600_000)
    expect(await give(broken(5, 5))).toHaveLength(2)
  })

  it.each<[string, WatchlistModuleOptions, RegExp]>([
    ['nothing to watch', {}, /nothing to watch: give `own`/],
    ['issuers alone', { issuers: ['Good CA'] }, /nothing to watch/],
    ['a name that is none', { own: ['example .com'] }, /own\[0\]/],
    ['a misspelled option', { owns: ['example.com'] } as never, /owns/],
    ['a list by plain http', { lists: { own: ['http://lists.example/own.txt'] } }, /lists\.own\[0\].*https/],
    [
      'a file that is not there',
      { lists: { own: ['/nowhere/own.txt'] } },
      /\/nowhere\/own\.txt: cannot be read: ENOENT/,
    ],
  ])('refuses %s, and says what', async (_, options, message) => {
    const start = async () => {
      const { run } = watching(options)
      await run.done
    }
    await expect(start()).rejects.toThrow(message)
  })
})

describe('lists of the module watchlist', () => {
  const folder = () => {
    const path = mkdtempSync(join(tmpdir(), 'ct-stream-lists-'))
    onTestFinished(() => rmSync(path, { recursive: true }))
    return path
  }

  it('come from files, and again when a file has changed', async () => {
    const file = join(folder(), 'own.txt')
    writeFileSync(file, '# ours\none.example\n')
    const { give, passUntilTaken, messages } = watching({ lists: { own: [file] }, reloadMs: 60_000 })
    expect(await give(named('a.one.example', 'a.two.example'))).toHaveLength(1)
    writeFileSync(file, 'one.example\ntwo.example\n')
    expect(await give(named('b.two.example'))).toHaveLength(0)
    await passUntilTaken(60_000)
    expect(await give(named('c.one.example', 'c.two.example'))).toHaveLength(2)
    expect(messages).toEqual([`[watchlist] ${file} has changed: 2 entries, before 1`])
  })

  it('come from a URL, and are asked for on the condition that they changed', async () => {
    await using server = await ListServer.open('one.example\n')
    const { give, pass } = watching({ lists: { own: [server.url] }, reloadMs: 60_000 })
    expect(await give(named('a.one.example'))).toHaveLength(1)
    await pass(60_000)
    server.content = 'two.example\n'
    await pass(60_000)
    expect(await give(named('b.one.example', 'b.two.example'))).toHaveLength(1)
    await pass(60_000)
    expect(server.requests.map(({ status }) => status)).toEqual([200, 304, 200, 304])
  })

  it('are not begun without when a server answers the first request with 304, and stay as they are with any later one', async () => {
    await using server = await ListServer.open('one.example\n')
    server.content = 304
    const { run } = watching({ own: ['two.example'], lists: { own: [server.url] } })
    await expect(run.done).rejects.toThrow(/could not be set up: .*304/)
    server.content = 'one.example\n'
    const { give, pass, messages } = watching({ lists: { own: [server.url] }, reloadMs: 60_000 })
    expect(await give(named('a.one.example'))).toHaveLength(1)
    server.content = 304
    await pass(60_000)
    expect(await give(named('b.one.example'))).toHaveLength(1)
    expect(messages).toEqual([])
  })

  it('stay as they were when the new one is no good, which is said once, and come again when it is', async () => {
    await using server = await ListServer.open('one.example\n')
    const { give, pass, messages } = watching({ lists: { own: [server.url] }, reloadMs: 60_000 })
    expect(await give(named('a.one.example'))).toHaveLength(1)
    const bad: [typeof server.content, RegExp][] = [
      ['<!doctype html><p>Log in', /is a page of HTML/],
      ['one.example\nno name\n', /:2: must be a name of yours/],
      ['\n# nothing\n', /holds no entry/],
      [503, /503/],
    ]
    for (const [i, [content, message]] of bad.entries()) {
      server.content = content
      for (let again = 0; again < 3; again++) await pass(60_000)
      expect(await give(named(`${i}.one.example`))).toHaveLength(1)
      expect(messages).toHaveLength(i + 1)
      expect(messages[i]).toMatch(message)
      expect(messages[i]).toMatch(/stays as it was \(1 entries\)/)
    }
    server.content = 'one.example\ntwo.example\n'
    await pass(60_000)
    expect(await give(named('z.one.example', 'z.two.example'))).toHaveLength(2)
    expect(messages.slice(bad.length)).toEqual([
      expect.stringMatching(/has changed: 2 entries, before 1/),
      expect.stringMatching(/can be read again/),
    ])
  })

  it('are waited for at the beginning while their server does not answer, half a minute at most', async () => {
    await using server = await ListServer.open('one.example\n')
    server.content = 503
    const file = join(folder(), 'own.txt')
    writeFileSync(file, 'two.example\n')
    const { give, clock, messages, run } = watching({ lists: { own: [file, server.url] } })
    const given = give(named('a.one.example', 'a.two.example'))
    for (const waits of [1, 2]) {
      while (clock.sleeping < 2) await quiet(1)
      await clock.pass(waits * 1000)
    }
    server.content = 'one.example\n'
    while (clock.sleeping < 2 && run.status().modules[0]?.state === 'setting-up') await quiet(1)
    await clock.pass(4000)
    expect(await given).toHaveLength(2)
    expect(messages[0]).toMatch(/cannot be read yet, which is tried again in 1 s: .*503/)

    server.content = 503
    const late = watching({ lists: { own: [server.url] } })
    let error: Error | undefined
    late.run.done.catch((reason) => (error = reason))
    for (let i = 0; i < 1000 && error === undefined; i++) {
      await quiet(1)
      if (late.clock.sleeping > 1) await late.clock.pass(1000)
    }
    expect(error?.message).toMatch(/could not be set up: .*503/)
  })

  it('hold brands too, in lines or JSON, and a brand that is no good leaves those before', async () => {
    const file = join(folder(), 'brands.txt')
    writeFileSync(file, 'Example: example, example.com\n')
    const { give, passUntilTaken, messages } = watching({ lists: { brands: [file] }, reloadMs: 60_000 })
    expect(await give(named('examp1e-login.top', 'w1dgets-login.top'))).toEqual([
      ['lookalike', 'Example examp1e-login.top'],
    ])
    writeFileSync(file, 'Example: example\nWidgets: widg..ets\n')
    await passUntilTaken(60_000)
    writeFileSync(file, JSON.stringify([{ name: 'Widgets', tokens: ['widgets'], domains: [] }]))
    await passUntilTaken(60_000)
    expect(await give(named('examp1e-login.net', 'w1dgets-login.net'))).toEqual([
      ['lookalike', 'Widgets w1dgets-login.net'],
    ])
    expect(messages.join('\n')).toMatch(/stays as it was \(1 entries\): .*brands\.txt:2: option `brand\.domains\[0\]`/)
  })

  it('of which one is broken do not keep another from being renewed', async () => {
    const place = folder()
    const [first, second] = [join(place, 'first.txt'), join(place, 'second.txt')]
    writeFileSync(first, 'one.example\n')
    writeFileSync(second, 'two.example\n')
    const { give, passUntilTaken } = watching({ lists: { own: [first, second] }, reloadMs: 60_000 })
    await give(named('begin.example'))
    writeFileSync(first, 'no name at all\n')
    writeFileSync(second, 'two.example\nthree.example\n')
    await passUntilTaken(60_000)
    expect(await give(named('a.one.example', 'a.two.example', 'a.three.example'))).toHaveLength(3)
  })

  it('are not taken from a file while it is being written, half of which is a list, too', async () => {
    const file = join(folder(), 'own.txt')
    writeFileSync(file, 'one.example\ntwo.example\nthree.example\n')
    const { give, pass, messages } = watching({ lists: { own: [file] } })
    await give(named('begin.example'))
    writeFileSync(file, 'zero.example\none.example\ntwo.exam')
    await pass(300_000)
    expect(await give(named('a.two.example', 'a.three.example', 'a.stranger.two.exam'))).toHaveLength(2)
    // It goes on while it is looked at again and again.
    writeFileSync(file, 'zero.example\none.example\ntwo.example\nthr')
    await pass(2000)
    expect(await give(named('b.three.example', 'b.zero.example'))).toHaveLength(1)
    writeFileSync(file, 'zero.example\none.example\ntwo.example\nthree.example\n')
    await pass(2000)
    await pass(2000)
    expect(await give(named('c.two.example', 'c.three.example', 'c.zero.example'))).toHaveLength(3)
    expect(messages).toEqual([`[watchlist] ${file} has changed: 4 entries, before 3`])
  })

  it('are not waited for longer than half a minute where a file changes all the time', async () => {
    const file = join(folder(), 'own.txt')
    writeFileSync(file, 'one.example\n')
    const { give, pass } = watching({ lists: { own: [file] } })
    await give(named('begin.example'))
    const lines = ['one.example', 'two.example']
    const go = async (ms: number) => {
      lines.push(`${lines.length}.example`)
      writeFileSync(file, `${lines.join('\n')}\n`)
      await pass(ms)
    }
    await go(300_000)
    for (let waits = 0; waits < 14; waits++) await go(2000)
    expect(await give(named('a.two.example'))).toEqual([])
    await go(2000)
    expect(await give(named('b.two.example'))).toHaveLength(1)
  })

  it('are not begun with while a file has just been written', async () => {
    const file = join(folder(), 'own.txt')
    writeFileSync(file, 'one.example\ntwo.exam')
    const begun = new VirtualClock().now() / 1000
    utimesSync(file, begun, begun)
    const { clock, give, run } = watching({ lists: { own: [file] } })
    const given = give(named('a.one.example', 'a.two.example'))
    // The limit of the setup, and the module.
    while (clock.sleeping < 2 && run.status().modules[0]?.state === 'setting-up') await quiet(1)
    writeFileSync(file, 'one.example\ntwo.example\n')
    for (let waits = 0; waits < 2; waits++) {
      await clock.pass(2000)
      while (clock.sleeping < 2 && run.status().modules[0]?.state === 'setting-up') await quiet(1)
    }
    expect(await given).toHaveLength(2)
  })

  it('are fetched by the function of a program', async () => {
    const asked: (string | null)[] = []
    const fetch = async (url: string | URL | Request, init?: RequestInit) => {
      asked.push(`${url} ${new Headers(init?.headers).get('if-none-match')}`)
      return new Response('one.example\n', { headers: { etag: '"1"' } })
    }
    const options = { lists: { own: ['https://lists.example/own.txt?token=secret'] }, reloadMs: 60_000 }
    const { give, pass } = watching(options, watchlistModule({ fetch: fetch as typeof globalThis.fetch }))
    expect(await give(named('a.one.example'))).toHaveLength(1)
    await pass(60_000)
    expect(asked).toEqual([
      'https://lists.example/own.txt?token=secret null',
      'https://lists.example/own.txt?token=secret "1"',
    ])
  })
})
