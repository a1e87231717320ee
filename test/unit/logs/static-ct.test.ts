import { gzipSync } from 'node:zlib'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { GetOptions, HttpAnswer } from '../../../src/http/transport.js'
import { UndiciTransport } from '../../../src/http/undici-transport.js'
import type { LogClient } from '../../../src/logs/client.js'
import { openLog } from '../../../src/logs/open-log.js'
import { BufferPool } from '../../../src/util/buffer-pool.js'
import { ctError } from '../http/errors.js'
import { type Fault, StandInLog } from './stand-in-log.js'

let log: StandInLog
let client: LogClient
let transport: UndiciTransport

beforeEach(async () => {
  log = await StandInLog.start('static-ct', 600)
  transport = new UndiciTransport()
  client = openLog(log.spec, { transport })
})
afterEach(async () => {
  await transport.close()
  await log.close()
})

const notFound =
  (...paths: string[]): Fault =>
  (_, path) =>
    paths.includes(path) ? (response) => void response.writeHead(404).end() : undefined

describe('data tiles', () => {
  it('are asked for full below the head, as wide as the head says at its edge, and no other way', async () => {
    await client.head()
    for (const [start, end] of [
      [0, 600],
      [10, 20],
      [300, 400],
      [512, 600],
      [520, 530],
    ] as const) {
      const batch = await client.entries(start, end)
      expect([batch.start, batch.length]).toEqual([start, Math.min(end, (Math.floor(start / 256) + 1) * 256) - start])
    }
    expect(log.asked).toEqual([
      'checkpoint',
      'tile/data/000',
      'tile/data/000',
      'tile/data/001',
      'tile/data/002.p/88',
      'tile/data/002.p/88',
    ])
  })

  it('are copied: the memory of the answer goes back at once', async () => {
    let released = 0
    const get = async (url: string, options?: GetOptions): Promise<HttpAnswer> => {
      const answer = await transport.get(url, options)
      return {
        ...answer,
        release: () => {
          released++
          answer.body.fill(0)
        },
      }
    }
    const batch = await openLog(log.spec, { transport: { get, close: () => transport.close() } }).entries(0, 256)
    expect(released).toBe(1)
    expect(batch.leafInput(255)).toEqual((await client.entries(0, 256)).leafInput(255))
  })

  it('of all logs are copied into the memory of one pool', async () => {
    let made = 0
    const pool = new BufferPool((length) => {
      made++
      return Buffer.alloc(length)
    })
    const shared = new UndiciTransport({ pool })
    try {
      for (const own of [openLog(log.spec, { transport: shared }), openLog(log.spec, { transport: shared })]) {
        const batch = await own.entries(0, 256)
        batch.release()
      }
      expect(made).toBe(1)
    } finally {
      await shared.close()
    }
  })

  it('of which few entries are new hold those alone: the memory of the tile goes back at once', async () => {
    const lent = new Set<Buffer>()
    const pool = new BufferPool()
    const take = pool.take.bind(pool)
    pool.take = (length) => {
      const buffer = take(length)
      lent.add(buffer)
      return buffer
    }
    const give = pool.give.bind(pool)
    pool.give = (buffer) => {
      lent.delete(buffer)
      give(buffer)
    }
    const shared = new UndiciTransport({ pool })
    try {
      const own = openLog(log.spec, { transport: shared })
      await own.head()
      const few = await own.entries(590, 600)
      expect(lent.size).toBe(0)
      expect([few.start, few.length, few.pageLength]).toEqual([590, 10, 88])
      const most = await own.entries(520, 600)
      expect(lent.size).toBe(1)
      const entries = [few.entry(9), most.entry(79)].map(({ index, leafInput }) => [index, leafInput])
      expect(entries[0]).toEqual(entries[1])
      most.release()
      expect(lent.size).toBe(0)
    } finally {
      await shared.close()
    }
  })

  it('that are partial and gone are read from the full one, cut to what the head covers', async () => {
    const old = log.sign(600)
    log.grow(800)
    const batch = await client.entries(520, old.treeSize)
    expect([batch.start, batch.length]).toEqual([520, 80])
    expect(log.asked).toEqual(['tile/data/002.p/88', 'tile/data/002'])
  })

  it('that are missing altogether are named', async () => {
    log.fault = notFound('tile/data/002.p/88', 'tile/data/002', 'tile/data/000')
    const partial = await ctError(client.entries(512, 600))
    expect(partial).toMatchObject({ code: 'CT_HTTP_STATUS', status: 404, url: `${log.url}/tile/data/002.p/88` })
    const full = await ctError(client.entries(0, 600))
    expect(full).toMatchObject({ code: 'CT_HTTP_STATUS', status: 404, url: `${log.url}/tile/data/000` })
  })

  it('may be gzip, however little was asked for it, and not more than fits', async () => {
    log.fault = (body) => (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(gzipSync(body))
    expect((await client.entries(0, 256)).length).toBe(256)
    const bomb = gzipSync(Buffer.alloc(65 * 1024 * 1024))
    log.fault = () => (response) => void response.writeHead(200, { 'content-encoding': 'gzip' }).end(bomb)
    expect(await ctError(client.entries(0, 256))).toMatchObject({ code: 'CT_RESPONSE_TOO_LARGE', retryable: true })
  })

  it('of other entries are refused', async () => {
    let first: Buffer | undefined
    log.fault = (body) => (first ??= body)
    await client.entries(0, 256)
    const error = await ctError(client.entries(256, 512))
    expect(error).toMatchObject({ code: 'CT_RESPONSE_MALFORMED', retryable: true, expected: 256, actual: 0 })
  })

  it('with too few or too many leaves are refused', async () => {
    const bodies: Buffer[] = []
    log.fault = (body) => void bodies.push(body)
    await client.entries(0, 256)
    await client.entries(512, 600)
    const [full, partial] = bodies as [Buffer, Buffer]
    for (const wrong of [partial, Buffer.concat([full, full]), full.subarray(0, full.length - 300)]) {
      log.fault = () => wrong
      expect(await ctError(client.entries(0, 256))).toMatchObject({ code: 'CT_RESPONSE_MALFORMED', retryable: true })
    }
  })
})

describe('checkpoints', () => {
  it('of another log are refused, though the signature covers everything but the name', async () => {
    const moved = { ...log.spec, submissionUrl: 'http://127.0.0.1/elsewhere' } as typeof log.spec
    const error = await ctError(openLog(moved, { transport }).head())
    expect(error).toMatchObject({ code: 'CT_RESPONSE_MALFORMED', retryable: true })
  })

  it('with another size or root are not signed by the log', async () => {
    for (const edit of [
      (text: string) => text.replace('\n600\n', '\n601\n'),
      (text: string) => text.replace(/\n600\n[^\n]+/, `\n600\n${Buffer.alloc(32).toString('base64')}`),
    ]) {
      log.fault = (body) => Buffer.from(edit(body.toString()))
      expect(await ctError(client.head())).toMatchObject({ code: 'CT_HEAD_SIGNATURE', retryable: true })
    }
  })
})

describe('proofs', () => {
  it('are computed with hash tiles that were fetched once', async () => {
    const head = await client.head()
    await client.frontier(600, head)
    await client.frontier(300, head)
    await client.consistency(400, head)
    await client.inclusion(3, new Uint8Array(32), head)
    const asked = log.asked
    expect(new Set(asked).size).toBe(asked.length)
    expect(asked).toContain('tile/1/000.p/2')
  })

  it('from a wrong tile are refused; a fresh question forgets nothing that was proven', async () => {
    const head = log.sign(600)
    log.fault = (body, path) => (path === 'tile/0/001' ? Buffer.from(body.fill(1, 32, 64)) : undefined)
    for (const fresh of [false, true])
      expect(await ctError(client.consistency(300, head, { fresh }))).toMatchObject({
        code: 'CT_CONSISTENCY',
        retryable: true,
      })
    log.fault = undefined
    expect((await client.frontier(300, head)).size).toBe(300)
  })
})
