import { describe, expect, it } from 'vitest'
import { certStream } from '../../../src/certstream/cert-stream.js'
import { defineModule, runModules } from '../../../src/modules/index.js'
import { issueCertificates } from '../../../src/testing/index.js'
import { next, passUntil, streamOf, take } from './reading.js'
import { domains, testServer } from './server.js'

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

  it('lets an entry that could not be read pass a filter of names, as a stream from the logs does', async () => {
    const update = (leaf: object, cert_index: number) =>
      JSON.stringify({ message_type: 'certificate_update', data: { leaf_cert: leaf, cert_index } })
    const server = await testServer((client) => {
      client.send(update({ as_der: null, all_domains: [], serial_number: '0A' }, 0))
      client.send(update({ as_der: null, all_domains: [], serial_number: null }, 1))
      client.send(update({ all_domains: ['a.example'] }, 2))
    })
    const { stream } = streamOf({ url: server.url, filter: { domains: ['example'] } })
    const entries: unknown[] = []
    for await (const { kind, index } of stream) if (entries.push([kind, index]) === 2) break
    expect(entries).toEqual([
      ['unparsable', 1],
      ['certificate', 2],
    ])
    expect(stream.status().dropped).toBe(1)
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
