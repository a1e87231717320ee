import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createSecureContext, createServer as createTlsServer, type TlsOptions } from 'node:tls'
import fc from 'fast-check'
import { describe, expect, it, onTestFinished } from 'vitest'
import { defineModule, runModules } from '../../../src/modules/index.js'
import { syslog } from '../../../src/outputs/syslog.js'
import { framed, syslogMessage } from '../../../src/outputs/syslog-message.js'
import type { Finding } from '../../../src/types/finding.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { clockOf, once, reporter, send } from '../../support/sent-findings.js'
import { outputContract } from './contract.js'

/** A server of plain TCP that reads frames; `fails` says what it does with a connection instead. */
async function tcpServer() {
  const messages: string[] = []
  let fails: ((socket: Socket) => void) | undefined
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    socket.on('error', () => {})
    if (fails !== undefined) return fails(socket)
    const chunks: Buffer[] = []
    socket.on('data', (chunk) => chunks.push(chunk))
    socket.on('end', () => {
      let rest = Buffer.concat(chunks)
      while (rest.length > 0) {
        const at = rest.indexOf(' ')
        const end = at + 1 + Number(rest.subarray(0, at))
        messages.push(rest.subarray(at + 1, end).toString())
        rest = rest.subarray(end)
      }
      socket.end()
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => void server.close())
  return {
    messages,
    url: `syslog://127.0.0.1:${(server.address() as AddressInfo).port}`,
    fail: (how: typeof fails) => {
      fails = how
    },
  }
}

/** A certificate for some names, and its key, made by openssl. */
function selfSigned(folder: string, file: string, names: string) {
  const [key, ca] = [join(folder, `${file}-key.pem`), join(folder, `${file}.pem`)]
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2']
  const of = ['-subj', `/CN=${file}`, '-addext', `subjectAltName=${names}`, '-keyout', key, '-out', ca]
  execFileSync('openssl', [...request, ...of], { stdio: 'ignore' })
  return { ca, pair: { key: readFileSync(key), cert: readFileSync(ca) } }
}

const idsOf = (messages: readonly string[]) => messages.map((text) => / id="([0-9a-f]{32})"/.exec(text)?.[1] ?? '')

for (const [how, fail] of [
  ['that resets connections', (socket: Socket) => void socket.resetAndDestroy()],
  ['that reads nothing', (socket: Socket) => void socket.pause()],
] as const)
  outputContract(`syslog to a server ${how}`, async () => {
    const server = await tcpServer()
    return {
      output: syslog.with({ url: server.url }),
      received: () => idsOf(server.messages),
      fail: () => server.fail(fail),
      repair: () => server.fail(undefined),
    }
  })

describe('syslog', () => {
  const findingOf = async (subject: string): Promise<Finding> => {
    const found: Finding[] = []
    const one = defineModule({
      name: 'one',
      onCertificate: (_, { emit }) => emit({ kind: 'seen', subject, severity: 'critical', reason: subject }),
    })
    const keep = defineModule({ name: 'keep', onFindings: (findings) => void found.push(...findings) })
    await runModules(new PageSource([madeCertificates(1)]), [one, keep]).done
    return found[0] as Finding
  }
  const source = { facility: 10, hostname: 'h', appName: 'ct-stream', enterprise: 32_473 }
  // RFC 5424 section 6: the header, structured data with its escapes, a message.
  const grammar =
    /^<\d{1,3}>1 \d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{1,6}Z [!-~]{1,255} [!-~]{1,48} [!-~]{1,128} [!-~]{1,32} \[ct-stream@\d+(?: [!-~]{1,32}="(?:[^"\\\]]|\\["\\\]])*")+\] \ufeff[^\p{Cc}]*$/u

  it('is as RFC 5424 says, in 8,192 bytes, whatever a finding says', async () => {
    const finding = await findingOf('x')
    fc.assert(
      fc.property(
        fc.string({ unit: 'binary', maxLength: 9000 }),
        fc.string({ unit: 'binary', maxLength: 9000 }),
        (a, b) => {
          const message = syslogMessage({ ...finding, subject: a, reasons: [{ text: b }] }, { ...source, hostname: b })
          expect(message.length).toBeLessThanOrEqual(8192)
          expect(message.toString()).toMatch(grammar)
          expect(framed(message).toString()).toBe(`${message.length} ${message}`)
        },
      ),
    )
  })

  it('says the severity in the numbers of the standard', async () => {
    const finding = await findingOf('x')
    const numbers = (['critical', 'high', 'medium', 'low', 'info'] as const).map(
      (severity) => /^<(\d+)>/.exec(syslogMessage({ ...finding, severity }, source).toString())?.[1],
    )
    expect(numbers).toEqual(['82', '83', '84', '85', '86'])
  })

  it.each([
    ['localhost', undefined, 'localhost'],
    ['localhost', 'logs.example', 'logs.example'],
    ['127.0.0.1', undefined, undefined],
    ['127.0.0.1', 'logs.example', 'logs.example'],
  ])('asks a server at %s, named %s, for the certificate of %s', async (host, servername, name) => {
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-syslog-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const named = selfSigned(folder, 'named', 'DNS:localhost,DNS:logs.example')
    // Who names nobody gets another one, as on a host of many names.
    const other = selfSigned(folder, 'other', 'IP:127.0.0.1')
    const asked: string[] = []
    let bytes = 0
    const SNICallback: TlsOptions['SNICallback'] = (asks, done) => {
      asked.push(asks)
      done(null, createSecureContext(named.pair))
    }
    const server = createTlsServer({ ...other.pair, SNICallback }, (socket) => {
      socket.on('data', (chunk) => void (bytes += chunk.length)).on('end', () => socket.end())
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `syslogs://${host}:${(server.address() as AddressInfo).port}`
    const ca = name === undefined ? other.ca : named.ca
    expect(await send(syslog.with({ url, ca, ...(servername && { servername }) }, once))).toBeUndefined()
    expect(asked).toEqual(name === undefined ? [] : [name])
    expect(bytes).toBeGreaterThan(0)
  })

  it('gives up to the dead letters after a while', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'ct-stream-syslog-'))
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
    const deadLetters = join(folder, 'dead.jsonl')
    const server = await tcpServer()
    server.fail((socket) => void socket.resetAndDestroy())
    const output = syslog.with({ url: server.url, deadLetters, giveUpAfterMs: 1000 })
    let now = 0
    const clock = clockOf(
      () => void (now += 500),
      () => now,
    )
    await runModules(new PageSource([madeCertificates(2)]), [reporter, output], { clock, random: () => 0 }).done
    expect(readFileSync(deadLetters, 'utf8').trim().split('\n')).toHaveLength(2)
  })

  it.each([
    [{ url: 'syslog://a', ca: 'x.pem' }, /begin its url with syslogs:/],
    [{ url: 'syslogs://a', ca: 'no-such-file.pem' }, /file of ca cannot be read/],
  ])('refuses %j', async (options, message) => {
    const error = await send(syslog.with(options, once))
    expect(`${error} ${error?.cause}`).toMatch(message)
  })

  it.each([
    { url: 'syslogs://' },
    { url: 'udp://a' },
    { url: 'syslogs://u:p@a' },
    { url: 'syslogs://a:x' },
    { url: 'syslogs://a', facility: 'x' },
  ])('refuses %j at once', async (options) => {
    await expect((async () => send(syslog.with(options as never)))()).rejects.toMatchObject({
      code: 'CT_OPTION_INVALID',
    })
  })
})
