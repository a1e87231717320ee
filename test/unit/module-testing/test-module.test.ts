import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { z } from 'zod'
import { findingsOf, TestClock, testModule } from '../../../src/module-testing/index.js'
import { defineModule, runModules } from '../../../src/modules/index.js'
import { jsonl } from '../../../src/outputs/jsonl.js'
import { createTestLog, issueCertificates } from '../../../src/testing/index.js'
import { closing } from '../../support/closing.js'
import { backfill } from '../../support/logs.js'

const DAY = 86_400_000
/** Reports what is issued for a domain. */
const alert = defineModule({
  name: 'alert',
  options: z.strictObject({ domain: z.string() }),
  onCertificate(certificate, { options: { domain }, emit }) {
    for (const name of certificate.dnsNames)
      if (name === domain || name.endsWith(`.${domain}`)) emit({ kind: 'issued', subject: name, reason: 'it is mine' })
  },
})
/** Reports at the end of each day of silence. */
const quiet = defineModule({
  name: 'quiet',
  setup({ clock, emit, signal, log }) {
    const state: { last: Parameters<typeof emit>[0]['certificate']; day: number } = { last: undefined, day: 0 }
    const watch = async () => {
      for (;;) {
        await clock.sleep(DAY, signal)
        log.info('a day is over')
        emit({ kind: 'quiet', subject: `day ${++state.day}`, reason: 'nothing', certificate: state.last })
      }
    }
    watch().catch(() => {})
    return state
  },
  onCertificate(certificate, { state }) {
    state.last = certificate
  },
})

describe('a certificate under test', () => {
  const seen: unknown[] = []
  const reader = defineModule({
    name: 'reader',
    acknowledge: true,
    onCertificate({ verified, index, dnsNames, problems }) {
      seen.push({ verified, index, dnsNames, problems })
    },
  })

  it('is what a stream of a log has, proven', async () => {
    const entries = [...issueCertificates({ dnsNames: ['a.example'] })]
    await findingsOf(reader, entries)
    const tested = seen.splice(0)
    const log = closing(await createTestLog({ entries }))
    await runModules(backfill(log, { acknowledge: 'manual' }), [reader]).done
    expect(tested).toEqual(seen.splice(0))
    expect(tested).toMatchObject([{ verified: true }])
  })

  it('is not proven where the test says so', async () => {
    await findingsOf(reader, ['a.example'], { verified: false })
    expect(seen.splice(0)).toMatchObject([{ verified: false }])
    expect(() => testModule(reader, { verified: 'no' as never })).toThrow(/verified/)
  })
})

describe('findingsOf', () => {
  it('fires for my domain and what is below it', async () => {
    const findings = await findingsOf(alert.with({ domain: 'example.com' }), ['login.example.com', 'example.org'])
    expect(findings.map(({ subject }) => subject)).toEqual(['login.example.com'])
  })

  it('takes what issueCertificates makes or is asked for, a pair as two of one issuance', async () => {
    const issued = [...issueCertificates(4, { sign: false })]
    const seen: unknown[] = []
    const spy = defineModule({
      name: 'spy',
      onCertificate: ({ index, kind, issuer, dnsNames }) =>
        void seen.push([index, kind, issuer.commonName, ...dnsNames]),
    })
    const pair = { dnsNames: ['a.example'], issuer: { commonName: 'Nobody CA' }, kind: 'pair' } as const
    await findingsOf(spy, [pair, ...issued])
    expect(seen).toEqual([
      [0, 'precertificate', 'Nobody CA', 'a.example'],
      [1, 'certificate', 'Nobody CA', 'a.example'],
      ...issued.map(({ kind, dnsNames }, i) => [
        i + 2,
        kind,
        expect.any(String),
        ...dnsNames.map((name) => name.toLowerCase()),
      ]),
    ])
    expect(await findingsOf(alert.with({ domain: 'a.example' }), [pair])).toHaveLength(1)
  })

  it('has what is reported in drain', async () => {
    const counts = defineModule({
      name: 'counts',
      setup: () => ({ certificates: [] as Parameters<typeof JSON.stringify>[0][] }),
      onCertificate: (certificate, { state }) => void state.certificates.push(certificate),
      drain: ({ state, emit }) =>
        emit({ kind: `${state.certificates.length} seen`, reason: 'all', certificate: state.certificates[0] }),
    })
    expect((await findingsOf(counts, ['a.example', 'b.example'])).map(({ kind }) => kind)).toEqual(['2 seen'])
  })

  it('fails for a handler or a setup that throws, unless the module says what happens then', async () => {
    const throws = (limits = {}) =>
      defineModule({
        name: 'throws',
        limits,
        onCertificate: () => {
          throw new Error('no luck')
        },
      })
    await expect(findingsOf(throws(), ['a.example'])).rejects.toMatchObject({
      code: 'CT_MODULE_FAILED',
      message: expect.stringContaining('no luck'),
    })
    expect(await findingsOf(throws({ onError: 'skip' }), ['a.example'])).toEqual([])
    const unready = defineModule({ name: 'unready', setup: () => Promise.reject(new Error('no database')) })
    await expect(findingsOf(unready, ['a.example'])).rejects.toThrow(
      'module `unready` could not be set up: no database',
    )
  })

  it.each([[5], [null], [{ dnsNames: 'a.example' }]])('refuses %j for a certificate', async (wrong) => {
    await expect(findingsOf(quiet, [wrong as never])).rejects.toMatchObject({ code: 'CT_OPTION_INVALID' })
    expect(() => testModule(alert.with({ domain: 5 as never }))).toThrow('module `alert`: option `domain`')
  })
})

describe('testModule', () => {
  it('lets days pass at once, and says what was emitted meanwhile', async () => {
    await using test = testModule(quiet)
    expect(await test.give('a.example')).toEqual([])
    expect(await test.pass(DAY - 1)).toEqual([])
    expect((await test.pass(1)).map(({ subject }) => subject)).toEqual(['day 1'])
    expect((await test.pass(3 * DAY)).map(({ subject }) => subject)).toEqual(['day 2', 'day 3', 'day 4'])
    expect(test.findings).toHaveLength(4)
    expect(test.log.slice(0, 1)).toEqual([{ level: 'info', message: 'a day is over' }])
    expect(test.status()).toMatchObject({ name: 'quiet', certificates: 1, emitted: 4, state: 'running' })
  })

  it('gives an output findings, and is finished when they are written', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-test-'))
    const file = join(folder, 'findings.jsonl')
    await using test = testModule(jsonl.with({ file }))
    await test.report({ kind: 'mine', severity: 'high', reason: 'a test' }, 'www.example.net')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({
      kind: 'mine',
      certificate: { dnsNames: ['www.example.net'] },
    })
    await test.end()
    rmSync(folder, { recursive: true })
  })

  it('gives it the findings of modules before it', async () => {
    const relay = defineModule({
      name: 'relay',
      onFinding: ({ subject }, { emit }) => emit({ kind: 'relayed', subject, reason: 'again' }),
    })
    await using test = testModule(relay, { before: [alert.with({ domain: 'example.com' })] })
    expect((await test.give('example.com')).map(({ module, subject }) => [module, subject])).toEqual([
      ['relay', 'example.com'],
    ])
  })

  it('passes time for a handler that waits for it, and a retry', async () => {
    const calls: number[] = []
    const slow = defineModule({
      name: 'slow',
      limits: { onError: 'retry' },
      async onCertificate(_, { clock, attempt }) {
        calls.push(attempt)
        await clock.sleep(5000)
        if (attempt === 1) throw new Error('once')
      },
    })
    await using test = testModule(slow, { clock: new TestClock(0) })
    let isFinished = false
    const given = test.give('a.example').then(() => (isFinished = true))
    await test.pass(5000)
    expect([calls, isFinished]).toEqual([[1], false])
    await test.pass(10_000)
    await given
    expect(calls).toEqual([1, 2])
    expect(test.clock.now()).toBe(15_000)
  })

  it('says so when nobody lets the time pass that a handler waits for', async () => {
    const waits = defineModule({ name: 'waits', onCertificate: (_, { clock }) => clock.sleep(5000) })
    const test = testModule(waits, { patienceMs: 50 })
    await expect(test.give('a.example')).rejects.toMatchObject({
      code: 'CT_MODULE_TIMEOUT',
      message:
        'module `waits` is not finished after 50 ms: if it waits for the clock, let time pass() before you await this',
    })
  })

  it('gives nothing to a module that has ended', async () => {
    const test = testModule(quiet)
    await test.end()
    await test.end()
    await expect(test.give('a.example')).rejects.toMatchObject({ code: 'CT_CLOSED' })
  })
})
