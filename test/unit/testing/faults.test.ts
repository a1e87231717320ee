import { createHash } from 'node:crypto'
import { Agent, get } from 'node:http'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import {
  createTestLog,
  type Fault,
  issueCertificates,
  type TestLog,
  type TestLogOptions,
} from '../../../src/testing/index.js'
import { closing } from '../../support/closing.js'
import { type EntriesBody, fetchJson, fetchRaw, type SthBody } from './log-http.js'

const start = async (options?: TestLogOptions): Promise<TestLog> => closing(await createTestLog(options))
const certificates = (n: number) => issueCertificates(n, { sign: false })
const entriesUrl = (log: TestLog, from = 0, to = 9) => `${log.url}ct/v1/get-entries?start=${from}&end=${to}`
const entriesOf = async (log: TestLog) => (await fetchJson<EntriesBody>(entriesUrl(log))).entries
const bytes = (text: string) => Buffer.from(text, 'base64')

/** Bits in which two byte strings of one length differ. */
function bitsBetween(a: Uint8Array, b: Uint8Array): number {
  expect(a.length).toBe(b.length)
  let bits = 0
  a.forEach((byte, i) => {
    bits += (byte ^ (b[i] as number)).toString(2).replaceAll('0', '').length
  })
  return bits
}

describe('faults: which requests', () => {
  it('apply to the endpoints named, after some and a number of times, then are over', async () => {
    const log = await start({ entries: certificates(10) })
    const fault = log.fault({ on: 'get-sth', after: 1, times: 2, status: 503 })
    const statuses: number[] = []
    for (let i = 0; i < 5; i++) statuses.push((await fetchRaw(`${log.url}ct/v1/get-sth`)).status)
    expect(statuses).toEqual([200, 503, 503, 200, 200])
    expect(fault.hits).toBe(2)
    expect((await fetchRaw(entriesUrl(log))).status).toBe(200)
    expect(log.requests.map((request) => request.faulty)).toEqual([false, true, true, false, false, false])
  })

  it('are narrowed by when, cleared one by one or all, and the first one set wins', async () => {
    const log = await start({ entries: certificates(20) })
    log.fault({ on: ['get-entries', 'get-sth'], when: ({ start: from }) => from === 5, status: 500 })
    const all = log.fault({ on: '*', status: 501 })
    const status = async (from: number) => (await fetchRaw(entriesUrl(log, from, from))).status
    expect([await status(5), await status(6)]).toEqual([500, 501])
    all.clear()
    expect([await status(5), await status(6)]).toEqual([500, 200])
    log.clearFaults()
    expect(await status(5)).toBe(200)
  })

  it('tells of a mistake in a callback instead of hanging', async () => {
    const log = await start()
    log.fault({
      on: '*',
      when: () => {
        throw new Error('my mistake')
      },
    })
    const { status, body } = await fetchRaw(`${log.url}ct/v1/get-sth`)
    expect([status, body.toString().includes('my mistake')]).toEqual([500, true])
  })

  it.each([
    { on: 'get-sht' },
    { on: '*', statsu: 3 },
    { on: '*', status: 99 },
    { on: '*', flipBit: { in: 'leave' } },
    { on: '*', flipBit: { in: 'leaf', bit: 8 } },
    { on: '*', rateLimit: { burst: 0, perSecond: 1 } },
    { on: '*', rateLimit: { burst: 1, perSecond: 0 } },
    { on: '*', from: { size: 0 } },
    { on: '*', announce: -1 },
    { on: '*', swap: [0, -1] },
    { on: '*', shift: 0.5 },
    {},
  ])('refuse %j', async (fault) => {
    const log = await start()
    expect(() => log.fault(fault as Fault)).toThrow(expect.objectContaining({ code: 'CT_OPTION_INVALID' }))
    expect((await fetchRaw(`${log.url}ct/v1/get-sth`)).status).toBe(200)
  })
})

describe('faults: answers', () => {
  it('answer with a status, headers, a body and Retry-After', async () => {
    const log = await start()
    log.fault({ on: '*', times: 1, status: 429, retryAfter: 7, body: 'slow down', headers: { 'x-who': 'gateway' } })
    const first = await fetchRaw(`${log.url}ct/v1/get-sth`)
    expect(first).toMatchObject({ status: 429, headers: { 'retry-after': '7', 'x-who': 'gateway' } })
    expect(first.body.toString()).toBe('slow down')
    log.fault({ on: '*', status: 503, retryAfter: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)) })
    const second = await fetchRaw(`${log.url}ct/v1/get-sth`)
    expect(second.headers['retry-after']).toBe('Fri, 02 Jan 2026 03:04:05 GMT')
  })

  it('answer HTML, or any body, with 200', async () => {
    const log = await start()
    log.fault({ on: '*', times: 1, html: true })
    const html = await fetchRaw(`${log.url}ct/v1/get-sth`)
    expect([html.status, html.headers['content-type'], html.body.toString().slice(0, 9)]).toEqual([
      200,
      'text/html',
      '<!DOCTYPE',
    ])
    log.fault({ on: '*', body: '{}' })
    expect((await fetchRaw(`${log.url}ct/v1/get-sth`)).body.toString()).toBe('{}')
  })

  it('rewrite, spoil, pad and truncate bodies', async () => {
    const log = await start({ entries: certificates(10) })
    const whole = (await fetchRaw(entriesUrl(log))).body
    const answer = async (fault: Partial<Fault>) => {
      log.clearFaults()
      log.fault({ on: 'get-entries', ...fault })
      return (await fetchRaw(entriesUrl(log))).body
    }
    expect(
      (await answer({ rewrite: (body) => Buffer.from(body.toString().toUpperCase()) })).subarray(0, 12).toString(),
    ).toBe('{"ENTRIES":[')
    const spoiled = await answer({ badBase64: true })
    const { entries } = JSON.parse(spoiled.toString()) as EntriesBody
    expect(entries[0]?.leaf_input).toMatch(/^[A-Za-z0-9+/=]+\*[A-Za-z0-9+/=]+$/)
    expect(entries[1]?.leaf_input).toMatch(/^[A-Za-z0-9+/=]+$/)
    const padded = await answer({ oversize: 1_000_000 })
    expect(padded.length).toBe(1_000_000)
    expect(JSON.parse(padded.toString())).toEqual(JSON.parse(whole.toString()))
    expect((await answer({ truncate: 100 })).equals(whole.subarray(0, 100))).toBe(true)
    expect(bitsBetween(await answer({ flipBit: { in: 'body', byte: 3, bit: 6 } }), whole)).toBe(1)
  })

  it('make a compressed tile that unpacks to far more', async () => {
    const log = await start({ kind: 'static-ct', entries: certificates(256) })
    log.fault({ on: 'data-tile', oversize: 30_000_000 })
    const { body } = await fetchRaw(`${log.monitoringUrl}tile/data/000`)
    expect(body.length).toBeLessThan(1_000_000)
    expect(gunzipSync(body).length).toBe(30_000_000)
  })

  it('give no, fewer and more entries than asked', async () => {
    const log = await start({ entries: certificates(20) })
    for (const count of [0, 3, 15, 30]) {
      log.clearFaults()
      log.fault({ on: 'get-entries', entries: count })
      expect(await entriesOf(log)).toHaveLength(count)
      expect(log.requests.at(-1)?.count).toBe(count)
    }
  })

  it('give entries of another place, or two of them in each other’s', async () => {
    const log = await start({ entries: certificates(20) })
    const leaf = (i: number) => Buffer.from(log.entry(i).leafInput).toString('base64')
    const served = async () => (await entriesOf(log)).map(({ leaf_input }) => leaf_input)
    log.fault({ on: 'get-entries', times: 1, shift: 2 })
    expect(await served()).toEqual(Array.from({ length: 10 }, (_, i) => leaf(i + 2)))
    // Before the first there is none: the last one stands in.
    log.fault({ on: 'get-entries', times: 1, shift: -1 })
    expect(await served()).toEqual([19, 0, 1, 2, 3, 4, 5, 6, 7, 8].map(leaf))
    log.fault({ on: 'get-entries', times: 1, swap: [1, 3] })
    expect(await served()).toEqual([0, 3, 2, 1, 4, 5, 6, 7, 8, 9].map(leaf))
    log.fault({ on: 'get-entries', times: 1, swap: [0, 10] })
    expect(await served()).toEqual(Array.from({ length: 10 }, (_, i) => leaf(i)))
  })

  it('flip one bit of one part', async () => {
    const log = await start({ kind: 'both', entries: certificates(300) })
    const get = async <T>(path: string) => fetchJson<T>(`${log.url}ct/v1/${path}`)
    const before = await entriesOf(log)
    log.fault({ on: 'get-entries', times: 1, flipBit: { in: 'leaf', item: 2 } })
    log.fault({ on: 'get-entries', times: 1, flipBit: { in: 'extra', item: 3, byte: -1, bit: 7 } })
    for (const [item, part] of [
      [2, 'leaf_input'],
      [3, 'extra_data'],
    ] as const) {
      const after = await entriesOf(log)
      const changed = before.flatMap((entry, i) =>
        (['leaf_input', 'extra_data'] as const).map(
          (name) => [i, name, bitsBetween(bytes(entry[name]), bytes(after[i]?.[name] as string))] as const,
        ),
      )
      expect(changed.filter(([, , bits]) => bits > 0)).toEqual([[item, part, 1]])
    }
    const sth = await get<SthBody>('get-sth')
    log.fault({ on: 'get-sth', times: 1, flipBit: { in: 'root' } })
    log.fault({ on: 'get-sth', times: 1, flipBit: { in: 'signature' } })
    const badRoot = await get<SthBody>('get-sth')
    expect(bitsBetween(bytes(badRoot.sha256_root_hash), bytes(sth.sha256_root_hash))).toBe(1)
    expect(badRoot.tree_head_signature).toBe(sth.tree_head_signature)
    const badSignature = await get<SthBody>('get-sth')
    expect(bitsBetween(bytes(badSignature.tree_head_signature), bytes(sth.tree_head_signature))).toBe(1)
    const proof = 'get-sth-consistency?first=7&second=300'
    const good = (await get<{ consistency: string[] }>(proof)).consistency
    log.fault({ on: 'get-sth-consistency', flipBit: { in: 'hash', item: 1 } })
    const bad = (await get<{ consistency: string[] }>(proof)).consistency
    expect(good.map((hash, i) => bitsBetween(bytes(hash), bytes(bad[i] as string)))).toEqual(
      good.map((_, i) => (i === 1 ? 1 : 0)),
    )
    const tile = `${log.monitoringUrl}tile/0/000`
    const goodTile = (await fetchRaw(tile)).body
    log.fault({ on: 'tile', flipBit: { in: 'hash', item: 255 } })
    const badTile = (await fetchRaw(tile)).body
    expect(bitsBetween(goodTile, badTile)).toBe(1)
    expect(goodTile.subarray(0, 255 * 32).equals(badTile.subarray(0, 255 * 32))).toBe(true)
    const dataTile = async () => gunzipSync((await fetchRaw(`${log.monitoringUrl}tile/data/000`)).body)
    const goodData = await dataTile()
    log.fault({ on: 'data-tile', flipBit: { in: 'leaf', item: 9 } })
    expect(bitsBetween(goodData, await dataTile())).toBe(1)
  })

  it('serve an older head, as a replica that lags', async () => {
    const log = await start({ kind: 'both', entries: certificates(10) })
    log.add(certificates(10))
    log.publish()
    log.fault({ on: '*', stale: 1 })
    expect((await fetchJson<SthBody>(`${log.url}ct/v1/get-sth`)).tree_size).toBe(10)
    expect((await fetchRaw(`${log.monitoringUrl}checkpoint`)).body.toString().split('\n')[1]).toBe('10')
    expect((await fetchRaw(entriesUrl(log, 10, 12))).status).toBe(400)
    log.clearFaults()
    expect((await fetchRaw(entriesUrl(log, 10, 12))).status).toBe(200)
  })

  it('sign a head over a wrong root', async () => {
    const log = await start({ entries: certificates(10) })
    log.fault({ on: 'get-sth', wrongRoot: true })
    const sth = await fetchJson<SthBody>(`${log.url}ct/v1/get-sth`)
    expect(sth.sha256_root_hash).not.toBe(Buffer.from(log.head.rootHash).toString('base64'))
    expect(sth.tree_size).toBe(10)
  })

  it('serve a fork: the same prefix, another tree, the same key', async () => {
    const log = await start({ kind: 'both', entries: certificates(300) })
    const fork = log.fork(200)
    fork.add(issueCertificates(100, { seed: 'fork', sign: false }))
    const head = fork.publish()
    expect([fork.size, log.size, head.treeSize]).toEqual([300, 300, 300])
    const leaf = async (index: number) =>
      (await fetchJson<EntriesBody>(entriesUrl(log, index, index))).entries[0]?.leaf_input
    const honest = [await leaf(199), await leaf(200)]
    const root = async () => (await fetchJson<SthBody>(`${log.url}ct/v1/get-sth`)).sha256_root_hash
    const honestRoot = await root()
    const fault = log.fault({ on: '*', from: fork })
    expect(await leaf(199)).toBe(honest[0])
    expect(await leaf(200)).not.toBe(honest[1])
    expect(await root()).toBe(Buffer.from(head.rootHash).toString('base64'))
    expect(await root()).not.toBe(honestRoot)
    const partial = (await fetchRaw(`${log.monitoringUrl}tile/0/001.p/44`)).body
    const hash = createHash('sha256')
      .update(Buffer.concat([Buffer.of(0), bytes((await leaf(299)) as string)]))
      .digest()
    expect(partial.subarray(-32).equals(hash)).toBe(true)
    fault.clear()
    expect([await leaf(200), await root()]).toEqual([honest[1], honestRoot])
  })
})

describe('faults: connections', () => {
  it('close without an answer, or in the middle of one', async () => {
    const log = await start({ entries: certificates(10) })
    log.fault({ on: 'get-entries', times: 1, disconnect: true })
    await expect(fetchRaw(entriesUrl(log))).rejects.toMatchObject({ code: 'ECONNRESET' })
    log.fault({ on: 'get-entries', times: 1, cutAfter: 100 })
    const parts: Buffer[] = []
    const cut = await new Promise<{ error: unknown; announced: number }>((resolve) => {
      get(entriesUrl(log), { agent: false }, (response) => {
        response.on('data', (chunk: Buffer) => parts.push(chunk))
        response.on('error', (error) => resolve({ error, announced: Number(response.headers['content-length']) }))
      })
    })
    expect(cut.error).toMatchObject({ code: 'ECONNRESET' })
    expect(cut.announced).toBeGreaterThan(100)
    expect(Buffer.concat(parts).length).toBe(100)
    expect(log.requests.map((request) => request.status)).toEqual([undefined, 200])
  })

  it('reset the connection, at once or in the middle of an answer', async () => {
    const log = await start({ entries: certificates(10) })
    // Told apart from one that is closed by a plain socket: HTTP calls both a connection reset.
    const received = (fault: Partial<Fault>) =>
      new Promise<{ bytes: string; error: unknown }>((resolve) => {
        log.fault({ on: 'get-entries', times: 1, ...fault })
        const socket = connect(Number(new URL(log.url).port), '127.0.0.1')
        let bytes = ''
        let error: unknown
        socket.on('data', (piece) => {
          bytes += piece
        })
        socket.on('error', (what: NodeJS.ErrnoException) => {
          error = what.code
        })
        socket.on('close', () => resolve({ bytes, error }))
        socket.write('GET /ct/v1/get-entries?start=0&end=9 HTTP/1.1\r\nhost: log\r\n\r\n')
      })
    expect(await received({ disconnect: true, reset: true })).toEqual({ bytes: '', error: 'ECONNRESET' })
    expect(await received({ cutAfter: 100 })).toMatchObject({ error: undefined })
    // Node 20 and 22 end a connection before they reset it, once something was sent on it.
    const error = Number.parseInt(process.versions.node, 10) >= 24 ? 'ECONNRESET' : undefined
    expect(await received({ cutAfter: 100, reset: true })).toMatchObject({ error })
  })

  it('announce another length than is sent', async () => {
    const log = await start()
    log.fault({ on: 'get-sth', announce: 1_000_000 })
    const announced = await new Promise<string | undefined>((resolve) => {
      get(`${log.url}ct/v1/get-sth`, { agent: false }, (response) => {
        response.on('error', () => resolve(response.headers['content-length']))
        response.resume()
      })
    })
    expect(announced).toBe('1000000')
  })

  it('never answer, from the start or from the middle of the body, until the log is closed', async () => {
    const log = await start({ entries: certificates(10) })
    log.fault({ on: 'get-sth', hang: true })
    log.fault({ on: 'get-entries', hang: 'body' })
    const silent = fetchRaw(`${log.url}ct/v1/get-sth`)
    const half = await new Promise<{ body: () => Buffer; ended: Promise<string> }>((resolve) => {
      const chunks: Buffer[] = []
      get(entriesUrl(log), { agent: false }, (response) => {
        const ended = new Promise<string>((done) => {
          response.on('end', () => done('end'))
          response.on('error', () => done('error'))
        })
        response.on('data', (chunk: Buffer) => {
          chunks.push(chunk)
          resolve({ body: () => Buffer.concat(chunks), ended })
        })
      })
    })
    expect(half.body().length).toBeGreaterThan(0)
    const outcome = silent.then(
      () => 'answered',
      () => 'cut',
    )
    expect(log.requests).toMatchObject([{ status: undefined }, { status: 200 }])
    await log.close()
    expect(await outcome).toBe('cut')
    expect(await half.ended).toBe('error')
  })

  it('wait on the clock of the log', async () => {
    const slept: number[] = []
    const clock = { now: () => 1000, sleep: async (ms: number) => void slept.push(ms) }
    const log = await start({ entries: certificates(1), clock })
    log.fault({ on: '*', delayMs: 30_000 })
    expect((await fetchRaw(`${log.url}ct/v1/get-sth`)).status).toBe(200)
    expect(slept).toEqual([30_000])
  })

  it('give up a delay when the log is closed', async () => {
    const log = await start()
    log.fault({ on: '*', delayMs: 3_600_000 })
    const answer = fetchRaw(`${log.url}ct/v1/get-sth`)
    const outcome = answer.then(
      () => 'answered',
      () => 'cut',
    )
    await expect.poll(() => log.requestCount()).toBe(1)
    await log.close()
    expect(await outcome).toBe('cut')
  })

  it('close the connection after each answer', async () => {
    const log = await start()
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = () =>
      new Promise<void>((resolve, reject) => {
        get(`${log.url}ct/v1/get-sth`, { agent }, (response) => response.resume().on('end', resolve)).on(
          'error',
          reject,
        )
      })
    await ask()
    await ask()
    expect(log.connections).toBe(1)
    log.fault({ on: '*', closeConnection: true })
    await ask()
    await ask()
    await ask()
    agent.destroy()
    expect(log.connections).toBe(3)
  })

  it('limit the rate per connection, address or client, with Retry-After in each form', async () => {
    let now = 0
    const log = await start({ clock: { now: () => now, sleep: async () => {} } })
    const agent = new Agent({ keepAlive: true, maxSockets: 1 })
    const ask = (userAgent: string, own = false) =>
      new Promise<[number, string | undefined]>((resolve, reject) => {
        const options = { agent: own ? (false as const) : agent, headers: { 'user-agent': userAgent } }
        get(`${log.url}ct/v1/get-sth`, options, (response) => {
          response.resume().on('end', () => resolve([response.statusCode ?? 0, response.headers['retry-after']]))
        }).on('error', reject)
      })
    log.fault({ on: '*', rateLimit: { burst: 2, perSecond: 0.5 } })
    expect([await ask('a'), await ask('b'), await ask('c')]).toEqual([
      [200, undefined],
      [200, undefined],
      [429, '2'],
    ])
    expect((await ask('a', true))[0]).toBe(200)
    now += 2000
    expect([(await ask('a'))[0], (await ask('a'))[0]]).toEqual([200, 429])
    // A clock that is set back neither fills nor drains what is counted.
    now -= 86_400_000
    expect((await ask('a'))[0]).toBe(429)
    now += 2000
    expect([(await ask('a'))[0], (await ask('a'))[0]]).toEqual([200, 429])
    now += 86_400_000 - 2000

    log.clearFaults()
    log.fault({ on: '*', rateLimit: { burst: 1, perSecond: 1, by: 'address', retryAfter: 'http-date' }, status: 503 })
    expect([await ask('a', true), await ask('b', true)]).toEqual([
      [200, undefined],
      [503, new Date(3000).toUTCString()],
    ])

    log.clearFaults()
    log.fault({ on: '*', rateLimit: { burst: 1, perSecond: 1, by: 'user-agent', retryAfter: 'none' } })
    expect([await ask('a'), await ask('b'), await ask('a')]).toEqual([
      [200, undefined],
      [200, undefined],
      [429, undefined],
    ])
    agent.destroy()
  })
})
