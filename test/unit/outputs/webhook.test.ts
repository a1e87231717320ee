import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { type ConfiguredModule, defineModule, runModules } from '../../../src/modules/index.js'
import { defang, escapeMarkdown, escapeSlack } from '../../../src/outputs/chat-text.js'
import { verifyWebhook, webhook, webhookModule } from '../../../src/outputs/webhook.js'
import { MOST_FINDINGS, type WebhookShape, webhookBody } from '../../../src/outputs/webhook-body.js'
import type { Finding } from '../../../src/types/finding.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { quiet } from '../../support/reader.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { HOSTILE, outputContract } from './contract.js'

interface Received {
  readonly headers: IncomingHttpHeaders
  readonly body: string
}

/** A receiver that answers as it is told. */
async function receiver() {
  const requests: Received[] = []
  let answer = (_: IncomingMessage, response: ServerResponse) => void response.end()
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      requests.push({ headers: request.headers, body: Buffer.concat(chunks).toString() })
      answer(request, response)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const close = () => {
    server.closeAllConnections()
    server.close()
  }
  onTestFinished(close)
  return {
    requests,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook/s3cret`,
    answer: (status: number, headers: Record<string, string> = {}, body = '') => {
      answer = (_, response) => void response.writeHead(status, headers).end(body)
    },
    cut: () => {
      answer = (request) => void request.socket.destroy()
    },
  }
}

type Receiver = Awaited<ReturnType<typeof receiver>>

/** A receiver that fails in some way. */
const failing = (fail: (target: Receiver) => void) => async () => {
  const target = await receiver()
  const accepted: string[] = []
  const collect = () => {
    for (const { body } of target.requests.splice(0))
      accepted.push(...JSON.parse(body).findings.map(({ id }: Finding) => id))
  }
  let isDown = false
  return {
    output: webhook.with({ url: target.url, maxBatch: 7 }),
    received: () => {
      if (!isDown) collect()
      return [...accepted]
    },
    fail: () => {
      collect()
      isDown = true
      fail(target)
    },
    repair: () => {
      target.requests.length = 0
      isDown = false
      target.answer(200)
    },
  }
}
outputContract(
  'webhook',
  failing((target) => target.cut()),
)
outputContract(
  'webhook whose receiver answers 500',
  failing((target) => target.answer(500, {}, 'internal error')),
)

const reporter = defineModule({
  name: 'reporter',
  onBatch(certificates, { emit }) {
    for (const certificate of certificates)
      emit({ kind: 'seen', subject: HOSTILE, severity: 'high', reason: HOSTILE, certificate })
  },
})

/** Sends findings on a clock that passes by itself. */
async function send(
  output: ConfiguredModule,
  count = 4,
): Promise<{ readonly error?: Error; readonly passedMs: number }> {
  const clock = new VirtualClock()
  const { done } = runModules([...madeCertificates(count)], [reporter, output], { clock, random: () => 0 })
  let result: { readonly error?: Error } | undefined
  done.then(
    () => (result = {}),
    (error) => (result = { error }),
  )
  const limits = clock.now()
  for (let i = 0; result === undefined && i < 3000; i++) {
    await quiet(3)
    if (clock.sleeping > 0) await clock.pass(500)
  }
  return { ...result, passedMs: clock.now() - limits }
}

const slow = { timeoutMs: 86_000_000 }

describe('webhook', () => {
  it('signs what it sends, so that a receiver can tell it from a forgery and from an old one', async () => {
    const target = await receiver()
    const secret = 'correct horse battery'
    await send(webhook.with({ url: target.url, secret, headers: { 'x-team': 'blue' } }, { limits: slow }))
    const { headers, body } = target.requests[0] as Received
    const header = (name: string) => headers[name] as string | undefined
    const now = Number(headers['x-ct-stream-timestamp']) * 1000
    expect(headers).toMatchObject({ 'x-team': 'blue', 'content-type': 'application/json' })
    expect(headers['x-ct-stream-signature']).toMatch(/^v1=[0-9a-f]{64}$/)
    expect(verifyWebhook(secret, header, body, { now })).toBe(true)
    expect(verifyWebhook('another secret!!', header, body, { now })).toBe(false)
    expect(verifyWebhook(secret, header, `${body} `, { now })).toBe(false)
    expect(verifyWebhook(secret, header, body, { now: now + 300_001 })).toBe(false)
    expect(verifyWebhook(secret, () => undefined, body, { now })).toBe(false)
    expect(JSON.parse(body)).toMatchObject({ version: 1, findings: [{ subject: HOSTILE }] })
  })

  it.each(['content-type', 'Content-Type'])('has a header once that is set as %s too', async (name) => {
    const target = await receiver()
    await send(webhook.with({ url: target.url, headers: { [name]: 'application/json; charset=utf-8' } }), 1)
    expect(target.requests[0]?.headers['content-type']).toBe('application/json; charset=utf-8')
  })

  it('lets nobody else set the key and the signature, which are those of each request', async () => {
    const target = await receiver()
    const secret = 'correct horse battery'
    const headers = { 'Idempotency-Key': 'x', 'X-Ct-Stream-Signature': 'x', 'X-Ct-Stream-Timestamp': '1' }
    await send(webhook.with({ url: target.url, secret, headers }), 1)
    const { headers: sent, body } = target.requests[0] as Received
    expect(sent['idempotency-key']).toMatch(/^[0-9a-f]{32}$/)
    const now = Number(sent['x-ct-stream-timestamp']) * 1000
    expect(verifyWebhook(secret, (name) => sent[name] as string | undefined, body, { now })).toBe(true)
  })

  it('sends the same again with the same key, when Retry-After says, and what was taken not at all', async () => {
    const target = await receiver()
    let count = 0
    target.answer(200)
    const output = webhook.with({ url: target.url, maxBatch: 2 }, { limits: slow })
    const original = target.requests.push.bind(target.requests)
    target.requests.push = (request) => {
      count++
      // The second batch is refused once.
      if (count === 2) target.answer(429, { 'retry-after': '7' })
      else target.answer(200)
      return original(request)
    }
    const { passedMs } = await send(output, 4)
    const keys = target.requests.map(({ headers }) => headers['idempotency-key'])
    expect(keys.filter((key) => key === keys[1])).toHaveLength(2)
    expect(new Set(keys).size).toBe(keys.length - 1)
    expect(passedMs).toBeGreaterThanOrEqual(7000)
    expect(passedMs).toBeLessThan(9000)
  })

  it.each(['0', 'Sun, 06 Nov 1994 08:49:37 GMT'])('waits longer each time where Retry-After is %s', async (after) => {
    const target = await receiver()
    target.answer(503, { 'retry-after': after })
    const { passedMs } = await send(webhook.with({ url: target.url }, { limits: { ...slow, attempts: 5 } }), 1)
    expect(target.requests).toHaveLength(5)
    // Of 500 ms, twice as much each time, the shorter half.
    expect(passedMs).toBeGreaterThanOrEqual(250 + 500 + 1000 + 2000)
  })

  it('puts what is refused for good, or was not taken in time, where it can be found, and goes on', async () => {
    for (const [status, atLeast] of [
      [400, 0],
      [503, 5000],
    ] as const) {
      const folder = mkdtempSync(join(tmpdir(), 'ct-stream-webhook-'))
      onTestFinished(() => rmSync(folder, { recursive: true }))
      const deadLetters = join(folder, 'dead.jsonl')
      const target = await receiver()
      target.answer(status, {}, 'no\x1b[31m such\nthing')
      const output = webhook.with({ url: target.url, deadLetters, giveUpAfterMs: 5000 }, { limits: slow })
      const { error, passedMs } = await send(output, 1)
      expect(error).toBeUndefined()
      expect(passedMs).toBeGreaterThanOrEqual(atLeast)
      const [line] = readFileSync(deadLetters, 'utf8').split('\n')
      const { error: message, finding } = JSON.parse(line ?? '')
      expect(message).toBe(`webhook ${new URL(target.url).origin} answered ${status}: no\\x1b[31m such\\x0athing`)
      expect(finding.id).toMatch(/^[0-9a-f]{32}$/)
    }
  })

  it.each([
    ['success when it is 200', 200, { ...slow, attempts: 1 }, undefined],
    ['success when it is 200 and the call ends first', 200, { timeoutMs: 1000, attempts: 2 }, undefined],
    ['a refusal when it is 400', 400, { ...slow, attempts: 1 }, /answered 400: well/],
  ])('takes an answer that does not end for %s', async (_, status, limits, message) => {
    let calls = 0
    let isLeft = false
    const endless: typeof fetch = async (_, init) => {
      calls++
      const start = (controller: ReadableStreamDefaultController) => {
        controller.enqueue(new TextEncoder().encode('well'))
        init?.signal?.addEventListener('abort', () => {
          isLeft = true
          controller.error(init.signal?.reason)
        })
      }
      return new Response(new ReadableStream({ start, cancel: () => void (isLeft = true) }), { status })
    }
    const output = webhookModule({ fetch: endless }).with({ url: 'https://receiver.example/' }, { limits })
    const { error, passedMs } = await send(output, 1)
    expect(error?.message).toEqual(message && expect.stringMatching(message))
    expect({ calls, isLeft }).toEqual({ calls: 1, isLeft: true })
    expect(passedMs).toBeLessThan(10_000)
  })

  it('tells no secret of its URL, and follows no redirect', async () => {
    const target = await receiver()
    target.answer(302, { location: 'http://127.0.0.1:1/' })
    const { error } = await send(webhook.with({ url: target.url }, { limits: { ...slow, attempts: 2 } }), 1)
    expect(error?.message).toMatch(/answered 302/)
    expect(error?.message).not.toMatch(/s3cret/)
    expect(target.requests).toHaveLength(2)
  })

  const wrong: [object, RegExp][] = [
    [{ url: 'ftp://example.com' }, /option `url`/],
    [{ url: 'https://example.com', secret: 'short' }, /option `secret`/],
    [{ url: 'https://example.com', headers: { 'x-a': 'b\r\nx-c: d' } }, /option `headers.x-a`/],
    [{ url: 'https://example.com', shap: 'slack' }, /shap/],
  ]
  it.each(wrong)('refuses %j', (options, message) => {
    expect(() => runModules([], [webhook.with(options as never)])).toThrow(message)
  })
})

describe('messages for chat programs', () => {
  const certificate = madeCertificates(1)[0]?.toJSON() as Finding['certificate']
  const finding = (text: string): Finding => ({
    id: 'ab'.repeat(16),
    module: 'm',
    kind: 'lookalike',
    subject: text,
    severity: 'high',
    score: 80,
    reasons: [{ text }],
    certificate,
    firstSeen: '2026-01-01T00:00:00.000Z',
  })

  it('make no link of a name', () => {
    expect(defang('https://paypa1.example.com/v1.2 *.xn--a.example and 192.0.2.1.')).toBe(
      'https[:]//paypa1[.]example[.]com/v1[.]2 *[.]xn--a[.]example and 192[.]0[.]2[.]1.',
    )
  })

  it('escape what would be markup, and name nobody', () => {
    expect(escapeSlack('<!channel> & `x`')).not.toMatch(/[<>]|& /)
    expect(escapeMarkdown('[a](b) **c** `d` @everyone')).toBe('\\[a\\]\\(b\\) \\*\\*c\\*\\* \\`d\\` \\@everyone')
    const { content, allowed_mentions } = JSON.parse(webhookBody('discord', [finding(HOSTILE)]))
    expect(content).not.toMatch(/[\p{Cc}\p{Cf}]/u)
    expect(allowed_mentions).toEqual({ parse: [] })
  })

  it.each(['slack', 'teams', 'discord'] as WebhookShape[])('fit into a message of %s, whatever is in them', (shape) => {
    const long = Array.from({ length: MOST_FINDINGS[shape] }, () => finding('**<evil>.example** '.repeat(200)))
    const body = webhookBody(shape, long)
    const { content, text } = JSON.parse(body)
    expect((content ?? '').length).toBeLessThanOrEqual(2000)
    expect((text ?? '').length).toBeLessThanOrEqual(40_000)
    expect(body.length).toBeLessThanOrEqual(60_000)
  })
})
