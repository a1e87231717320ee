import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SMTPServer } from 'smtp-server'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { type ConfiguredModule, defineModule, runModules } from '../../../src/modules/index.js'
import { mailSubject } from '../../../src/outputs/mail-text.js'
import { smtp } from '../../../src/outputs/smtp.js'
import type { Finding } from '../../../src/types/finding.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { quiet } from '../../support/reader.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { HOSTILE, outputContract } from './contract.js'

interface Mail {
  readonly from: string
  readonly to: readonly string[]
  /** As it was sent, headers and body. */
  readonly text: string
}

/** How a server answers: an error with a code refuses. */
interface Manners {
  rcpt?: (address: string) => number | undefined
  data?: (text: string) => number | undefined
  password?: string
  /** Offers STARTTLS, with a certificate that nobody trusts. */
  tls?: boolean
  onLogin?: (user: string) => void
}

/** A mail server that others made. */
async function mailServer(manners: Manners = {}) {
  const mails: Mail[] = []
  const refusal = (code: number | undefined) =>
    code === undefined ? null : Object.assign(new Error('not now'), { responseCode: code })
  const open = async (port = 0) => {
    const server = new SMTPServer({
      authOptional: manners.password === undefined,
      disabledCommands: manners.tls ? [] : ['STARTTLS'],
      allowInsecureAuth: true,
      logger: false,
      disableReverseLookup: true,
      onAuth({ username = '', password }, _, done) {
        manners.onLogin?.(username)
        if (password === manners.password) done(null, { user: username })
        else done(new Error('wrong password'))
      },
      onRcptTo: ({ address }, _, done) => done(refusal(manners.rcpt?.(address))),
      onData(stream, { envelope }, done) {
        const chunks: Buffer[] = []
        stream.on('data', (chunk: Buffer) => chunks.push(chunk))
        stream.on('end', () => {
          const sent = Buffer.concat(chunks).toString()
          const refused = refusal(manners.data?.(sent))
          const { mailFrom, rcptTo } = envelope
          const from = mailFrom === false || mailFrom === undefined ? '' : mailFrom.address
          const to = rcptTo.map(({ address }) => address)
          if (refused === null) mails.push({ from, to, text: sent })
          done(refused)
        })
      },
    })
    server.on('error', () => {})
    await new Promise<void>((resolve) => server.listen(port, '127.0.0.1', resolve))
    return server
  }
  let server = await open()
  const { port } = server.server.address() as AddressInfo
  const close = () => new Promise<void>((resolve) => server.close(() => resolve()))
  onTestFinished(close)
  return {
    mails,
    port,
    url: `smtp://127.0.0.1:${port}`,
    close,
    reopen: async () => {
      server = await open(port)
    },
  }
}

/** The body of a mail as its reader sees it. */
function bodyOf({ text }: Mail): string {
  const [head = '', ...rest] = text.split('\r\n\r\n')
  const body = rest.join('\r\n\r\n')
  if (/base64/i.test(head)) return Buffer.from(body, 'base64').toString()
  if (!/quoted-printable/i.test(head)) return body
  const bytes = body
    .replace(/=\r\n/g, '')
    .replace(/=([0-9A-F]{2})/g, (_, hex) => String.fromCharCode(Number.parseInt(hex, 16)))
  return Buffer.from(bytes, 'latin1').toString()
}

const idsOf = (mails: readonly Mail[]) =>
  mails.flatMap((mail) => [...bodyOf(mail).matchAll(/^ {2}finding: ([0-9a-f]{32})\s*$/gm)].map(([, id = '']) => id))

const countIn = (text: string) => idsOf([{ from: '', to: [], text }]).length

outputContract('smtp', async () => {
  const server = await mailServer()
  return {
    // This server lets each client wait for a tenth of a second, to see who talks too early: few mails.
    output: smtp.with({ url: server.url, to: ['soc@example.com'] }, { limits: { queueEntries: 45 } }),
    received: () => idsOf(server.mails),
    fail: server.close,
    repair: server.reopen,
  }
})

const reporter = defineModule({
  name: 'reporter',
  onBatch(certificates, { emit }) {
    for (const certificate of certificates)
      emit({ kind: 'seen', subject: HOSTILE, severity: 'high', reason: HOSTILE, certificate })
  },
})

async function send(output: ConfiguredModule, count = 3) {
  const messages: string[] = []
  const say = (message: string) => void messages.push(message)
  const { done } = runModules(new PageSource([madeCertificates(count)]), [reporter, output], {
    logger: { debug: () => {}, info: say, warn: say, error: say },
    drainTimeoutMs: 0,
    random: () => 0,
  })
  const error = await done.then(
    () => undefined,
    (error: Error) => error,
  )
  return { error, messages }
}

const once = { limits: { attempts: 1 } }

describe('smtp', () => {
  it('sends findings in one mail of plain text, without a link, a line or a header of a stranger', async () => {
    const server = await mailServer({ password: 'p@ss w:rd' })
    const url = server.url.replace('//', `//user:${encodeURIComponent('p@ss w:rd')}@`)
    const { error } = await send(smtp.with({ url, to: ['soc@example.com', 'me@example.org'], from: 'ct@example.net' }))
    expect(error).toBeUndefined()
    const [mail] = server.mails as [Mail]
    expect(server.mails).toHaveLength(1)
    expect(mail).toMatchObject({ from: 'ct@example.net', to: ['soc@example.com', 'me@example.org'] })
    const [head = ''] = mail.text.split('\r\n\r\n')
    const names = head.split(/\r\n(?![ \t])/).map((line) => line.split(':')[0])
    expect(names.sort()).toEqual([
      ...['Auto-Submitted', 'Content-Transfer-Encoding', 'Content-Type', 'Date', 'From', 'MIME-Version', 'Message-ID'],
      ...['Subject', 'To'],
    ])
    const body = bodyOf(mail)
    expect(body.match(/^HIGH 75 seen: =cmd/gm)).toHaveLength(3)
    expect(body).not.toMatch(/[^\n\r\x20-\x7e\u00a0-\uffff]/)
    expect(body).not.toMatch(/[a-z0-9]\.[a-z]/i)
  })

  it('has one Message-ID for one mail, however often it is tried', async () => {
    let count = 0
    const server = await mailServer({ data: () => (count++ === 0 ? 451 : undefined) })
    const ids = []
    for (let run = 0; run < 2; run++) {
      expect((await send(smtp.with({ url: server.url, to: ['soc@example.com'] }))).error).toBeUndefined()
      ids.push(/^Message-ID: (.*)$/im.exec(server.mails.at(-1)?.text ?? '')?.[1])
    }
    expect(count).toBe(3)
    expect(ids[0]).toMatch(/^<[0-9a-f]{32}\.ct-stream@example\.com>$/)
    expect(ids[1]).toBe(ids[0])
  })

  it.each<[string, Manners]>([
    ['the recipients', { rcpt: () => 550 }],
    ['the message', { data: () => 554 }],
  ])('puts aside what is refused for %s', async (_, manners) => {
    const place = mkdtempSync(join(tmpdir(), 'ct-stream-smtp-'))
    onTestFinished(() => rmSync(place, { recursive: true }))
    const deadLetters = join(place, 'dead.jsonl')
    const server = await mailServer(manners)
    expect((await send(smtp.with({ url: server.url, to: ['soc@example.com'], deadLetters }))).error).toBeUndefined()
    expect(readFileSync(deadLetters, 'utf8').split('\n')).toHaveLength(4)
  })

  it.each<[string, Manners, number, number]>([
    ['for a text that it refuses', { data: (text) => (countIn(text) > 1 ? 554 : undefined) }, 3, 5],
    ['not for recipients that it refuses', { rcpt: () => 550 }, 0, 1],
  ])('sends smaller mails to a server %s', async (_, { rcpt, data }, findings, expected) => {
    let tries = 0
    const counted =
      <T>(answer: (text: T) => number | undefined) =>
      (text: T) => {
        tries++
        return answer(text)
      }
    const manners = { ...(rcpt && { rcpt: counted(rcpt) }), ...(data && { data: counted(data) }) }
    const place = mkdtempSync(join(tmpdir(), 'ct-stream-smtp-'))
    onTestFinished(() => rmSync(place, { recursive: true }))
    const server = await mailServer(manners)
    const deadLetters = join(place, 'dead.jsonl')
    expect((await send(smtp.with({ url: server.url, to: ['soc@example.com'], deadLetters }))).error).toBeUndefined()
    expect(new Set(idsOf(server.mails)).size).toBe(findings)
    expect(readFileSync(deadLetters, 'utf8').split('\n')).toHaveLength(1 + 3 - findings)
    expect(tries).toBe(expected)
  })

  it('ends a mail with the call that sends it, so that it does not arrive beside the next attempt', async () => {
    const clock = new VirtualClock()
    const greeted: Socket[] = []
    // Takes all lines and says nothing, until it is told to.
    let isSlow = true
    const bodies: string[] = []
    const server = createServer((socket) => {
      greeted.push(socket)
      let isData = false
      socket.on('error', () => {})
      socket.write('220 hello\r\n')
      socket.on('data', (bytes) => {
        for (const line of bytes.toString().split('\r\n').slice(0, -1)) {
          if (isData && line !== '.') continue
          if (isData) bodies.push(line)
          else if (line === 'DATA') socket.write('354 go on\r\n')
          else if (line.startsWith('RCPT') && isSlow && greeted.length > 1) return
          else socket.write('250 ok\r\n')
          if (isData) socket.write('250 ok\r\n')
          isData = line === 'DATA'
        }
      })
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    onTestFinished(() => void server.close())
    const url = `smtp://127.0.0.1:${(server.address() as AddressInfo).port}`
    const output = smtp.with({ url, to: ['soc@example.com'] }, { limits: { timeoutMs: 1000 } })
    const { done } = runModules(new PageSource([madeCertificates(1)]), [reporter, output], { clock, random: () => 0 })
    // The first is the greeting of the setup.
    await vi.waitUntil(() => greeted.length === 2)
    const [, first] = greeted as [Socket, Socket]
    const closed = new Promise((resolve) => first.once('close', resolve))
    await clock.pass(1000)
    isSlow = false
    let isOver = false
    done.catch(() => {}).finally(() => (isOver = true))
    while (!isOver) {
      await clock.pass(100)
      await quiet(2)
    }
    // Its first attempt would go on now.
    first.write('250 ok\r\n')
    await closed
    expect(bodies).toHaveLength(1)
  })

  it('warns of a recipient that alone is refused', async () => {
    const server = await mailServer({ rcpt: (address) => (address.startsWith('gone') ? 550 : undefined) })
    const { messages, error } = await send(smtp.with({ url: server.url, to: ['soc@example.com', 'gone@example.com'] }))
    expect(error).toBeUndefined()
    expect(messages).toEqual([expect.stringMatching(/refused 1 of 2 recipients: gone@example\.com/)])
  })

  it('says at once that a password is wrong, and keeps what it has to say for when it is right', async () => {
    const server = await mailServer({ password: 'right' })
    const url = server.url.replace('//', '//user:wr0ng@')
    const { error, messages } = await send(smtp.with({ url, to: ['soc@example.com'] }, once))
    expect(messages[0]).toMatch(/cannot be used yet, findings will wait: .*535/)
    expect(error?.message).toMatch(/did not take a mail: .*535/)
    expect(`${messages} ${error?.message}`).not.toContain('wr0ng')
  })

  it('tells no password to a server whose certificate nobody vouches for', async () => {
    const logins: string[] = []
    const server = await mailServer({ tls: true, password: 'right', onLogin: (user) => logins.push(user) })
    const url = server.url.replace('//', '//user:right@')
    const { error } = await send(smtp.with({ url, to: ['soc@example.com'] }, once))
    expect(error?.message).toMatch(/did not take a mail: .*certificate/)
    expect([logins, server.mails]).toEqual([[], []])
  })

  it.each([
    [{ url: 'https://mail.example.com', to: ['a@example.com'] }, /option `url`: must be smtp:/],
    [
      { url: 'smtps://a:100%@mail.example.com', to: ['a@example.com'] },
      /option `url`: must be smtp:.*with %25 for a "%"/,
    ],
    [{ url: 'smtp://mail.example.com', to: [] }, /option `to`/],
    [{ url: 'smtp://mail.example.com', to: ['a@example.com, b@example.com'] }, /option `to\[0\]`: must be an address/],
    [{ url: 'smtp://mail.example.com', to: ['a@example.com\r\nBcc: b@example.com'] }, /option `to\[0\]`/],
  ])('refuses %j', (options, message) => {
    expect(() => runModules([], [smtp.with(options)])).toThrow(message)
  })

  it('names the worst finding in the subject, in at most 150 characters', () => {
    const finding = (score: number, subject: string) => ({ score, subject, kind: 'seen', severity: 'high' }) as Finding
    expect(mailSubject([finding(10, 'a'), finding(90, 'evil.example')])).toBe(
      '[ct-stream] HIGH seen: evil[.]example (and 1 more)',
    )
    const long = mailSubject([finding(10, 'x'.repeat(4096)), finding(1, 'y')])
    expect(long).toHaveLength(150)
    expect(long).toMatch(/… \(and 1 more\)$/)
  })
})
