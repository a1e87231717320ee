import { describe, expect, it, onTestFinished } from 'vitest'
import { type CertStream, certStream } from '../../../src/certstream/cert-stream.js'
import type { CertStreamEvents } from '../../../src/certstream/events.js'
import type { CertStreamOptions } from '../../../src/certstream/options.js'
import { TestClock } from '../../../src/module-testing/test-clock.js'
import { defineModule, runModules } from '../../../src/modules/index.js'
import { issueCertificates } from '../../../src/testing/index.js'
import { domains, testServer } from './server.js'

/** A stream on a clock that stands still, closed at the end of the test. */
function streamOf(options: CertStreamOptions): { stream: CertStream; clock: TestClock } {
  const clock = new TestClock()
  const stream = certStream({ clock, random: () => 0, ...options })
  onTestFinished(() => stream.close())
  return { stream, clock }
}

/** The names of the next certificates, one a certificate. */
async function take(stream: AsyncIterator<{ readonly dnsNames: readonly string[] }>, n: number): Promise<string[]> {
  const names: string[] = []
  for (let i = 0; i < n; i++) {
    const { done, value } = await stream.next()
    if (done) throw new Error(`ended after ${i}`)
    names.push(`${value.dnsNames}`)
  }
  return names
}

function next<K extends keyof CertStreamEvents>(stream: CertStream, event: K): Promise<CertStreamEvents[K]> {
  return new Promise((resolve) => stream.once(event, resolve))
}

/** Lets time pass until something happened, step by step: sockets take their own time. */
async function passUntil<T>(clock: TestClock, promise: Promise<T>, stepMs: number): Promise<T> {
  let isDone = false
  const done = promise.finally(() => {
    isDone = true
  })
  while (!isDone) await clock.pass(stepMs)
  return done
}

describe('a stream of certificates from a server', () => {
  it('gives what the server sends, in order, not verified', async () => {
    const server = await testServer((client) => {
      for (const name of ['a.example', 'b.example']) client.send(domains(name))
    })
    const { stream } = streamOf({ url: `${server.url}domains-only` })
    const certificates = stream[Symbol.asyncIterator]()
    expect(await take(certificates, 1)).toEqual(['a.example'])
    const { value } = await certificates.next()
    expect(value?.verified).toBe(false)
    expect(server.asked).toEqual(['/domains-only'])
    expect(stream.status()).toMatchObject({ received: 2, connections: 1, malformed: 0, bufferedBytes: 0 })
  })

  it('connects again at growing distances, and says what it may have missed', async () => {
    const server = await testServer((client, n) => {
      client.send(domains(`${n}.example`))
      if (n === 0) client.close(1001, 'restart\u0007')
    })
    const { stream, clock } = streamOf({ url: server.url })
    const certificates = stream[Symbol.asyncIterator]()
    const [errors, waits] = [[] as string[], [] as number[]]
    stream.on('error', ({ message }) => errors.push(message))
    stream.on('reconnect', ({ inMs }) => waits.push(inMs))
    const lost = next(stream, 'reconnect')
    expect(await take(certificates, 1)).toEqual(['0.example'])
    await lost
    const since = new Date(clock.now())
    server.refuseWith = 404
    const refused = (n: number) =>
      passUntil(
        clock,
        new Promise<void>((resolve) => stream.on('reconnect', () => waits.length === n && resolve())),
        100,
      )
    await refused(4)
    server.refuseWith = 0
    const gap = await passUntil(clock, next(stream, 'gap'), 100)
    expect(await take(certificates, 1)).toEqual(['1.example'])
    expect(waits).toEqual([500, 1000, 2000, 4000])
    expect(errors[0]).toMatch(/closed the connection with 1001 \(restart\\x07\)/)
    expect(errors[1]).toMatch(/404 instead of a WebSocket/)
    expect(gap).toMatchObject({ reason: 'no-resume', since })
    expect(gap.until?.getTime()).toBeGreaterThanOrEqual(since.getTime() + 7500)
  })

  it('goes on after the last certificate it received where the server has cursors, and misses nothing', async () => {
    const server = await testServer((client, n, request) => {
      const after = Number(new URL(request.url ?? '', 'ws://x').searchParams.get('after') ?? -1)
      for (let i = after + 1; i <= after + 3; i++) client.send(domains(`${i}.example`, `${i}`))
      if (n < 3) client.close(1012)
    })
    const { stream, clock } = streamOf({ url: `${server.url}full-stream?token=x` })
    const gaps: unknown[] = []
    stream.on('gap', (gap) => gaps.push(gap))
    const certificates = stream[Symbol.asyncIterator]()
    const names = await passUntil(clock, take(certificates, 12), 100)
    expect(names).toEqual(Array.from({ length: 12 }, (_, i) => `${i}.example`))
    expect(server.asked.slice(1)).toEqual([2, 5, 8].map((after) => `/full-stream?token=x&after=${after}`))
    expect(gaps).toEqual([])
  })

  it('goes on after what a heartbeat says, when nothing of what it filters for came since', async () => {
    const server = await testServer((client, n) => {
      client.send(n === 0 ? domains('a.example', '1') : domains('b.example', '9'))
      if (n === 0) client.send('{"message_type":"heartbeat","cursor":"8"}')
      if (n === 0) client.close(1012)
    })
    const { stream, clock } = streamOf({ url: server.url })
    expect(await passUntil(clock, take(stream[Symbol.asyncIterator](), 2), 100)).toEqual(['a.example', 'b.example'])
    expect(server.asked).toEqual(['/', '/?after=8'])
  })

  it('waits as long as a server asks for', async () => {
    const server = await testServer((client) => client.send(domains('a.example')))
    server.refuseWith = 503
    server.retryAfter = 120
    const { stream, clock } = streamOf({ url: server.url })
    const read = take(stream[Symbol.asyncIterator](), 1)
    const { inMs } = await next(stream, 'reconnect')
    server.refuseWith = 0
    expect(inMs).toBe(120_000)
    expect(await passUntil(clock, read, 1000)).toEqual(['a.example'])
  })

  it('begins where it is told to, and says what the server no longer keeps', async () => {
    const server = await testServer((client) => {
      client.send(JSON.stringify({ message_type: 'gap', data: { from: '7', to: '9' } }))
      client.send(domains('a.example', '10'))
    })
    const { stream } = streamOf({ url: server.url, after: '7' })
    const gap = next(stream, 'gap')
    expect(await take(stream[Symbol.asyncIterator](), 1)).toEqual(['a.example'])
    expect(await gap).toMatchObject({ reason: 'not-kept', message: { data: { from: '7', to: '9' } } })
    expect(server.asked).toEqual(['/?after=7'])
  })

  it('gives a server up of which nothing is heard, and not one that answers pings', async () => {
    const sends = (client: { send(text: string): void }) => client.send(domains('a.example'))
    const [mute, quiet] = [await testServer(sends, { autoPong: false }), await testServer(sends)]
    const [toMute, toQuiet] = [streamOf({ url: mute.url }), streamOf({ url: quiet.url })]
    await take(toMute.stream[Symbol.asyncIterator](), 1)
    await take(toQuiet.stream[Symbol.asyncIterator](), 1)
    const began = toMute.clock.now()
    const { error } = await passUntil(toMute.clock, next(toMute.stream, 'reconnect'), 1000)
    expect(error).toMatchObject({
      code: 'CT_HTTP_TIMEOUT',
      message: expect.stringMatching(/nothing heard for 60000 ms/),
    })
    expect(toMute.clock.now() - began).toBeLessThanOrEqual(61_000)
    for (let ping = 0; ping < 20; ping++) {
      const [client] = quiet.clients
      const isHere = new Promise((resolve) => client?.once('ping', resolve))
      // Four pongs in a row would have to be late: each has the whole of the next round to arrive.
      await toQuiet.clock.pass(15_000)
      await isHere
    }
    expect(toQuiet.stream.status().connections).toBe(1)
  })

  it('does not wait for ever for a connection', async () => {
    const server = await testServer(() => {})
    // Nobody answers the handshake.
    const { createServer } = await import('node:net')
    const silent = createServer().listen(0, '127.0.0.1')
    onTestFinished(() => void silent.close())
    await new Promise((resolve) => silent.once('listening', resolve))
    const { port } = silent.address() as { port: number }
    const { stream, clock } = streamOf({ url: server.url.replace(/:\d+/, `:${port}`) })
    stream[Symbol.asyncIterator]()
      .next()
      .catch(() => {})
    const { error } = await passUntil(clock, next(stream, 'reconnect'), 1000)
    expect(error).toMatchObject({
      code: 'CT_HTTP_TIMEOUT',
      message: expect.stringMatching(/no connection within 10000/),
    })
  })

  it('stops reading from the server while nobody reads from it, and loses nothing', async () => {
    const count = 3000
    const pad = 'x'.repeat(10_000)
    let sent = 0
    const server = await testServer((client) => {
      for (let i = 0; i < count; i++)
        client.send(JSON.stringify({ message_type: 'dns_entries', data: [`${i}.example`], pad }), () => sent++)
    })
    const { stream } = streamOf({ url: server.url, maxBufferedBytes: 100_000 })
    const certificates = stream[Symbol.asyncIterator]()
    const names = await take(certificates, 1)
    // When the server cannot get rid of more, the socket is full on both sides.
    for (let before = -1; before !== sent || sent === 0; ) {
      before = sent
      for (let turn = 0; turn < 200; turn++) await new Promise((resolve) => setImmediate(resolve))
    }
    expect(sent).toBeLessThan(count)
    let most = 0
    while (names.length < count) {
      most = Math.max(most, stream.status().bufferedBytes)
      names.push(...(await take(certificates, 1)))
    }
    expect(most).toBeLessThan(100_000 + 65_536 + pad.length + 100)
    expect(names).toEqual(Array.from({ length: count }, (_, i) => `${i}.example`))
  })

  it('leaves out what is no message, says so and counts it', async () => {
    const server = await testServer((client) => {
      for (const text of ['{', domains('a.example'), '{"message_type":"heartbeat"}', '7']) client.send(text)
      client.send(Buffer.from(domains('b.example')))
    })
    const { stream } = streamOf({ url: server.url })
    const codes: string[] = []
    stream.on('error', ({ code }) => codes.push(code))
    expect(await take(stream[Symbol.asyncIterator](), 2)).toEqual(['a.example', 'b.example'])
    expect(codes).toEqual(['CT_RESPONSE_MALFORMED', 'CT_RESPONSE_MALFORMED'])
    expect(stream.status()).toMatchObject({ malformed: 2, received: 2 })
  })

  it('ends a connection with a message that is too large', async () => {
    const server = await testServer((client, n) => client.send(domains(n === 0 ? 'x'.repeat(2000) : 'a.example')))
    const { stream, clock } = streamOf({ url: server.url, maxMessageBytes: 1024 })
    const error = next(stream, 'error')
    expect(await passUntil(clock, take(stream[Symbol.asyncIterator](), 1), 100)).toEqual(['a.example'])
    expect(await error).toMatchObject({ code: 'CT_RESPONSE_TOO_LARGE' })
  })

  it('ends when the server refuses the first connection', async () => {
    const server = await testServer(() => {})
    server.refuseWith = 401
    const { stream } = streamOf({ url: `${server.url}?token=secret` })
    const failure = await take(stream[Symbol.asyncIterator](), 1).catch((error) => error)
    expect(failure).toMatchObject({ code: 'CT_HTTP_STATUS', status: 401, retryable: false })
    expect(JSON.stringify(failure)).not.toContain('secret')
  })

  it('ends with the reason of its signal, and quietly when it is closed', async () => {
    const server = await testServer(() => {})
    const abort = new AbortController()
    const { stream: aborted } = streamOf({ url: server.url, signal: abort.signal })
    const open = next(aborted, 'open')
    const read = aborted[Symbol.asyncIterator]().next()
    await open
    abort.abort(new Error('enough'))
    await expect(read).rejects.toThrow('enough')
    const { stream: closed } = streamOf({ url: server.url })
    const isOpen = next(closed, 'open')
    const waiting = closed[Symbol.asyncIterator]().next()
    await isOpen
    await closed[Symbol.asyncDispose]()
    expect(await waiting).toEqual({ done: true, value: undefined })
    await expect(closed[Symbol.asyncIterator]().next()).rejects.toMatchObject({ code: 'CT_READER_BUSY' })
  })

  it('says goodbye when the loop is left', async () => {
    let code: number | undefined
    const server = await testServer((client) => {
      client.on('close', (with_) => {
        code = with_
      })
      client.send(domains('a.example'))
    })
    const { stream } = streamOf({ url: server.url })
    for await (const _ of stream) break
    expect(code).toBe(1000)
    expect(server.clients.size).toBe(0)
  })

  it('keeps no answers to pings for a server that does not read them', async () => {
    const pings = 300_000
    let pongs = 0
    const server = await testServer((client) => {
      client.pause()
      client.on('pong', () => pongs++)
      for (let i = 0; i < pings; i++) client.ping('x'.repeat(125))
      client.send(domains('a.example'))
    })
    const { stream } = streamOf({ url: server.url })
    await take(stream[Symbol.asyncIterator](), 1)
    for (const client of server.clients) client.resume()
    await stream.close()
    // What the sockets held, and no more.
    expect(pongs).toBeGreaterThan(0)
    expect(pongs).toBeLessThan(pings * 0.9)
  })

  it('does not wait for a server that says no goodbye', async () => {
    const server = await testServer((client) => {
      client.send(domains('a.example'))
      client.pause()
    })
    const { stream, clock } = streamOf({ url: server.url })
    await take(stream[Symbol.asyncIterator](), 1)
    const began = clock.now()
    await passUntil(clock, stream.close(), 100)
    expect(clock.now() - began).toBeLessThanOrEqual(1100)
  })

  it('is a source of modules', async () => {
    const server = await testServer((client) => {
      for (const name of ['a.example', 'b.example']) client.send(domains(name))
    })
    const { stream } = streamOf({ url: server.url })
    const names: string[] = []
    const module = defineModule({
      name: 'names',
      onCertificate: ({ dnsNames }) => {
        names.push(...dnsNames)
        if (names.length === 2) void stream.close()
      },
    })
    await runModules(stream, [module]).done
    expect(names).toEqual(['a.example', 'b.example'])
  })

  it('gives messages as they are, heartbeats too', async () => {
    const server = await testServer((client) => {
      client.send('{"message_type":"heartbeat","timestamp":1.5}')
      client.send(domains('a.example'))
    })
    const { stream } = streamOf({ url: server.url, filter: { domains: ['b.example'] } })
    const messages = stream.messages()
    expect((await messages.next()).value).toEqual({ message_type: 'heartbeat', timestamp: 1.5 })
    expect((await messages.next()).value).toEqual({ message_type: 'dns_entries', data: ['a.example'] })
  })

  it('filters and drops repetitions as a stream from the logs does', async () => {
    const [der] = issueCertificates([{ dnsNames: ['a.example'] }]).map((entry) =>
      Buffer.from(entry.der).toString('base64'),
    )
    const update = (leaf: object, cert_index: number) =>
      JSON.stringify({ message_type: 'certificate_update', data: { leaf_cert: leaf, cert_index } })
    const lite = { all_domains: ['b.example'], fingerprint: Array(20).fill('AB').join(':'), issuer: { O: 'Acme' } }
    const server = await testServer((client) => {
      for (const [i, leaf] of [{ as_der: der }, lite, { as_der: der }, lite, { all_domains: ['z.test'] }].entries())
        client.send(update(leaf, i))
      client.send(update({ all_domains: ['c.example'], issuer: { O: 'Other' } }, 5))
      client.send(update({ all_domains: ['d.example'] }, 6))
    })
    const { stream } = streamOf({ url: server.url, dedupe: 'certificate', filter: { domains: ['example'] } })
    expect(await take(stream[Symbol.asyncIterator](), 4)).toEqual(['a', 'b', 'c', 'd'].map((name) => `${name}.example`))
    expect(stream.status()).toMatchObject({ received: 7, dropped: 3 })
    const { stream: byIssuer } = streamOf({ url: server.url, filter: { issuers: ['acme'] } })
    // What a message does not tell cannot be judged, and passes.
    expect(await take(byIssuer[Symbol.asyncIterator](), 3)).toEqual(['b.example', 'b.example', 'z.test'])
  })
})

describe('the options of a stream from a server', () => {
  it.each([
    [{ url: 'https://certstream.example/' }, /`url` must be a wss: URL/],
    [{ url: 'ws://certstream.example/' }, /ws: is accepted on this machine only/],
    [{ url: 'nonsense' }, /`url`/],
    [{}, /`url`/],
    [{ url: 'wss://a.example', afterr: 'x' }, /did you mean `after`/],
    [{ url: 'wss://a.example', after: '' }, /`after`/],
    [{ url: 'wss://a.example', maxBufferedBytes: 1 }, /`maxBufferedBytes`/],
    [{ url: 'wss://a.example', pingIntervalMs: Number.NaN }, /`pingIntervalMs`/],
    [{ url: 'wss://a.example', headers: { 'x-y': 'a\r\nb' } }, /`headers.x-y`/],
    [{ url: 'wss://a.example', filter: { domains: [] } }, /`filter.domains`/],
    [{ url: 'wss://a.example', signal: 1 }, /`signal`/],
  ])('are checked at once: %j', (options, message) => {
    expect(() => certStream(options as never)).toThrow(
      expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringMatching(message) }),
    )
  })

  it('accept ws: of another host where that is wanted', () => {
    expect(() => certStream({ url: 'ws://certstream.example/', allowHttp: true })).not.toThrow()
  })
})
