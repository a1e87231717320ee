import { createServer } from 'node:net'
import { describe, expect, it, onTestFinished } from 'vitest'
import { next, passUntil, streamOf, take } from './reading.js'
import { domains, testServer } from './server.js'

describe('a stream from a server whose connection is lost', () => {
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

  it('goes on after what a ping says, when nothing of what it filters for came since', async () => {
    const server = await testServer((client, n) => {
      if (n === 1) client.send(domains('a.example', '8'))
      if (n === 3) client.send(domains('b.example', '12'))
      client.ping('keepalive 99')
      client.ping(`ct-stream cursor ${[5, 9, 11, 13][n]}`)
      if (n === 2) client.ping('ct-stream cursor ')
      if (n < 3) client.close(1012)
    })
    const { stream, clock } = streamOf({ url: server.url })
    const gaps: unknown[] = []
    stream.on('gap', (gap) => gaps.push(gap))
    expect(await passUntil(clock, take(stream[Symbol.asyncIterator](), 2), 100)).toEqual(['a.example', 'b.example'])
    expect(server.asked).toEqual(['/', '/?after=5', '/?after=9', '/?after=11'])
    expect(gaps).toEqual([])
  })

  it('goes on after a message that came after the last ping, read or not', async () => {
    const server = await testServer((client, n) => {
      client.ping('ct-stream cursor 5')
      client.send(domains(`${n}.example`, `${n + 6}`))
      if (n === 0) client.close(1012)
    })
    const { stream, clock } = streamOf({ url: server.url })
    const certificates = stream[Symbol.asyncIterator]()
    expect(await passUntil(clock, take(certificates, 2), 100)).toEqual(['0.example', '1.example'])
    expect(server.asked).toEqual(['/', '/?after=6'])
  })

  it('goes on after the newest it received when messages of an older frame are not read yet, and repeats none', async () => {
    const list = (...numbers: number[]) => `[${numbers.map((i) => domains(`${i}.example`, `${i}`)).join(',')}]`
    const server = await testServer((client, n) => {
      client.send(n === 0 ? list(1, 2, 3) : list(7, 8))
      if (n === 0) client.send(list(4, 5, 6))
      if (n === 0) client.close(1012)
    })
    const { stream, clock } = streamOf({ url: server.url })
    const certificates = stream[Symbol.asyncIterator]()
    const again = new Promise<void>((resolve) => stream.on('open', ({ after }) => after !== undefined && resolve()))
    expect(await take(certificates, 1)).toEqual(['1.example'])
    await passUntil(clock, again, 100)
    const rest = [2, 3, 4, 5, 6, 7, 8].map((i) => `${i}.example`)
    expect(await take(certificates, 7)).toEqual(rest)
    expect(server.asked).toEqual(['/', '/?after=6'])
  })

  it('connects again soon when a connection lasted on which nothing came, and ever later when none lasts', async () => {
    const server = await testServer(() => {})
    const { stream, clock } = streamOf({ url: server.url })
    const waits: number[] = []
    stream.on('reconnect', ({ inMs }) => waits.push(inMs))
    stream[Symbol.asyncIterator]()
      .next()
      .catch(() => {})
    for (const lastedMs of [0, 0, 10_000, 40_000, 0]) {
      await passUntil(clock, next(stream, 'open'), 100)
      await clock.pass(lastedMs)
      const lost = next(stream, 'reconnect')
      for (const client of server.clients) client.close(1012)
      await lost
    }
    expect(waits).toEqual([500, 1000, 2000, 500, 1000])
  })

  it('says after each break what is missing where the address moved to a server without cursors', async () => {
    const server = await testServer((client, n) => {
      client.send(domains(`${n}.example`, n === 0 ? '1' : undefined))
      if (n < 3) client.close(1012)
    })
    const { stream, clock } = streamOf({ url: server.url })
    const [gaps, began] = [[] as unknown[], new Date(clock.now())]
    stream.on('gap', (gap) => gaps.push(gap))
    const certificates = stream[Symbol.asyncIterator]()
    expect(await take(certificates, 1)).toEqual(['0.example'])
    expect(await passUntil(clock, take(certificates, 3), 100)).toEqual(['1.example', '2.example', '3.example'])
    expect(server.asked).toEqual(['/', '/?after=1', '/', '/'])
    expect(gaps).toHaveLength(3)
    expect(gaps[0]).toMatchObject({ reason: 'no-resume', since: began, until: expect.any(Date) })
  })

  it('says that a server does not go on after the given cursor', async () => {
    const server = await testServer((client) => {
      client.send('{"message_type":"heartbeat"}')
      client.send(domains('a.example'))
      client.send(domains('b.example'))
    })
    const { stream, clock } = streamOf({ url: server.url, after: '7' })
    const gaps: unknown[] = []
    stream.on('gap', (gap) => gaps.push(gap))
    expect(await take(stream[Symbol.asyncIterator](), 2)).toEqual(['a.example', 'b.example'])
    expect(gaps).toEqual([{ reason: 'no-resume', since: undefined, until: new Date(clock.now()), message: undefined }])
  })

  it('asks for the same again, and says one gap, when a server was lost before its first certificate', async () => {
    const server = await testServer((client, n) => {
      if (n === 0) client.send(domains('a.example', '1'))
      if (n === 1) client.send('{"message_type":"heartbeat"}')
      if (n === 2) client.send(domains('b.example'))
      else client.close(1012)
    })
    const { stream, clock } = streamOf({ url: server.url })
    const [gaps, began] = [[] as unknown[], new Date(clock.now())]
    stream.on('gap', (gap) => gaps.push(gap))
    const certificates = stream[Symbol.asyncIterator]()
    expect(await take(certificates, 1)).toEqual(['a.example'])
    expect(await passUntil(clock, take(certificates, 1), 100)).toEqual(['b.example'])
    expect(server.asked).toEqual(['/', '/?after=1', '/?after=1'])
    expect(gaps).toEqual([expect.objectContaining({ reason: 'no-resume', since: began })])
  })

  it('begins anew, and says what is missing, when the address moved to a server that refuses its cursor', async () => {
    const server = await testServer((client, n) => {
      client.send(domains(`${n}.example`, n === 0 ? '77' : 'x-1'))
      if (n === 0) server.refuseWith = 400
      if (n === 0) client.close(1012)
    })
    const { stream, clock } = streamOf({ url: server.url })
    const [gaps, began] = [[] as unknown[], new Date(clock.now())]
    stream.on('gap', (gap) => gaps.push(gap))
    // Refuses what it is asked for with a cursor alone.
    stream.on('reconnect', () => {
      server.refuseWith = server.asked.length < 3 ? 400 : 0
    })
    const certificates = stream[Symbol.asyncIterator]()
    expect(await take(certificates, 1)).toEqual(['0.example'])
    expect(await passUntil(clock, take(certificates, 1), 100)).toEqual(['1.example'])
    expect(server.asked).toEqual(['/', '/?after=77', '/?after=77', '/'])
    expect(gaps).toEqual([expect.objectContaining({ reason: 'no-resume', since: began })])
  })

  it('goes on after its cursor where a server refused everything for a while', async () => {
    const server = await testServer((client, n) => {
      client.send(domains(`${n}.example`, `${n}`))
      if (n === 0) server.refuseWith = 400
      if (n === 0) client.close(1012)
    })
    const { stream, clock } = streamOf({ url: server.url })
    const gaps: unknown[] = []
    stream.on('gap', (gap) => gaps.push(gap))
    stream.on('reconnect', () => {
      server.refuseWith = server.asked.length < 4 ? 400 : 0
    })
    const certificates = stream[Symbol.asyncIterator]()
    expect(await passUntil(clock, take(certificates, 2), 100)).toEqual(['0.example', '1.example'])
    expect(server.asked).toEqual(['/', '/?after=0', '/?after=0', '/', '/?after=0'])
    expect(gaps).toEqual([])
  })

  it('goes past a message that is too large, and says what is missing', async () => {
    const server = await testServer((client, n, request) => {
      const isResumed = (request.url ?? '').includes('after=')
      if (isResumed && server.asked.length < 6) client.send(domains('x'.repeat(5000), '2'))
      else client.send(domains(`${n}.example`, n === 0 ? '1' : '3'))
      if (n === 0) client.close(1012)
    })
    const { stream, clock } = streamOf({ url: server.url, maxMessageBytes: 1024 })
    const [gaps, errors] = [[] as unknown[], [] as string[]]
    stream.on('gap', (gap) => gaps.push(gap))
    stream.on('error', ({ code }) => errors.push(code))
    const certificates = stream[Symbol.asyncIterator]()
    expect(await passUntil(clock, take(certificates, 2), 100)).toEqual(['0.example', '3.example'])
    expect(errors.slice(1)).toEqual(['CT_RESPONSE_TOO_LARGE', 'CT_RESPONSE_TOO_LARGE'])
    expect(gaps).toEqual([expect.objectContaining({ reason: 'no-resume' })])
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

  it('begins after the given cursor, and says what the server no longer keeps', async () => {
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

  it('pings a quiet server before it gives it up, however rarely it is to', async () => {
    const server = await testServer((client) => client.send(domains('a.example')))
    const { stream, clock } = streamOf({ url: server.url, pingIntervalMs: 3_600_000, silenceTimeoutMs: 4000 })
    await take(stream[Symbol.asyncIterator](), 1)
    for (let ping = 0; ping < 5; ping++) {
      const [client] = server.clients
      const answered = new Promise((resolve) => client?.once('ping', resolve))
      await clock.pass(2000)
      await answered
      // The server's answer is there when a question it asks later is answered.
      const pong = new Promise((resolve) => client?.once('pong', resolve))
      client?.ping()
      await pong
    }
    expect(stream.status().connections).toBe(1)
  })

  it('does not wait for ever for a connection', async () => {
    const server = await testServer(() => {})
    // Nobody answers the handshake.
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
})
