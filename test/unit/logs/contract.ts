import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { CtErrorCode } from '../../../src/errors.js'
import { FetchTransport } from '../../../src/http/fetch-transport.js'
import type { HttpTimeouts, Transport } from '../../../src/http/transport.js'
import { UndiciTransport } from '../../../src/http/undici-transport.js'
import type { LogClient } from '../../../src/logs/client.js'
import { openLog } from '../../../src/logs/open-log.js'
import { CompactRange } from '../../../src/merkle/compact-range.js'
import { verifyConsistency } from '../../../src/merkle/consistency.js'
import { verifyInclusion } from '../../../src/merkle/inclusion.js'
import type { LogSpec, SignedHead } from '../../../src/types/log.js'
import { sha256 } from '../../../src/util/hash.js'
import { ctError } from '../http/errors.js'
import type { Fault } from './stand-in-log.js'

/** What the suite needs of a log it can look into. */
export interface ContractLog {
  readonly spec: LogSpec
  readonly leaves: readonly Uint8Array[]
  /** Paths asked for, without the prefix. */
  readonly asked: readonly string[]
  /** A certificate served by fingerprint; `undefined` when the log serves none. */
  readonly issuer: Uint8Array | undefined
  fault: Fault | undefined
  /** Publishes a head of exactly this size, which may be smaller than the tree. */
  grow(size: number): SignedHead
  /** A head of any size up to the largest published, signed but not published. */
  sign(size: number): SignedHead
  close(): Promise<void>
}

const SIZE = 700
const SIZES = [0, 1, 2, 3, 31, 32, 33, 127, 128, 129, 255, 256, 257, 511, 512, 513, 699, 700]

/** What every `LogClient` promises, over a log on a loopback port. */
export function describeLogClient(name: string, start: () => Promise<ContractLog>): void {
  describe(name, () => {
    let log: ContractLog
    let transport: Transport
    let client: LogClient
    const open = (other: Transport = transport) => openLog(log.spec, { transport: other })

    beforeAll(async () => {
      log = await start()
      log.grow(SIZE)
      transport = new UndiciTransport()
      client = open()
    })
    afterEach(() => {
      log.fault = undefined
      log.grow(SIZE)
    })
    afterAll(async () => {
      await client.close()
      await transport.close()
      await log.close()
    })

    const hashOf = (index: number) => sha256(Buffer.concat([Buffer.of(0), log.leaves[index] ?? Buffer.alloc(0)]))
    const rangeOf = (size: number) =>
      CompactRange.empty.append(Buffer.concat(Array.from({ length: size }, (_, i) => hashOf(i))))

    describe('head', () => {
      it('is the newest one, with its signature', async () => {
        for (const size of SIZES) {
          const published = log.grow(size)
          expect(await client.head()).toEqual(published)
        }
      })

      it('is not that of another log', async () => {
        const other = await start()
        other.grow(5)
        const impostor = { ...log.spec, key: other.spec.key } as LogSpec
        const error = await ctError(openLog(impostor, { transport }).head())
        // In a checkpoint the key's id does not match either.
        expect(['CT_HEAD_SIGNATURE', 'CT_RESPONSE_MALFORMED']).toContain(error.code)
        expect(error.retryable).toBe(true)
        await other.close()
      })
    })

    describe('entries', () => {
      it.each([
        [0, 1],
        [0, SIZE],
        [5, 6],
        [31, 34],
        [255, 257],
        [256, 512],
        [300, 301],
        [511, 600],
        [600, 700],
        [699, 700],
      ])('from %i to %i are whole, in order, and no more than asked', async (from, to) => {
        const fresh = open()
        for (const reader of [client, fresh]) {
          let at = from
          while (at < to) {
            const batch = await reader.entries(at, to)
            expect(batch.start).toBe(at)
            expect(batch.length).toBeGreaterThan(0)
            expect(batch.length).toBeLessThanOrEqual(to - at)
            for (let i = 0; i < batch.length; i++) {
              expect(Buffer.compare(batch.leafInput(i), log.leaves[at + i] as Uint8Array)).toBe(0)
              expect(batch.entry(i).index).toBe(at + i)
            }
            at += batch.length
          }
          expect(at).toBe(to)
        }
      })

      it('of a log of one entry', async () => {
        log.grow(1)
        expect((await open().entries(0, 1)).length).toBe(1)
      })
    })

    describe('consistency', () => {
      it('is proven between all sizes, without a request where there is nothing to prove', async () => {
        for (const second of SIZES) {
          const head = log.sign(second)
          for (const first of SIZES.filter((size) => size <= second)) {
            const before = log.asked.length
            const proof = await client.consistency(first, head)
            if (first === 0 || first === second) {
              expect(proof).toEqual([])
              expect(log.asked).toHaveLength(before)
            } else verifyConsistency(first, second, proof, rangeOf(first).root(), head.rootHash)
          }
        }
      })
    })

    describe('frontier', () => {
      it('is the compact range, at every index of every head', async () => {
        for (const size of SIZES) {
          const head = log.sign(size)
          for (const index of SIZES.filter((at) => at <= size)) {
            const range = await client.frontier(index, head)
            expect(range.size).toBe(index)
            expect(range).toEqual(rangeOf(index))
          }
        }
      })

      it('is never proven by a head the tree does not have', async () => {
        for (const size of [1, 2, 3, 256, SIZE])
          for (const index of [1, 2, 255, 256, size].filter((at) => at <= size)) {
            const lie = { ...log.sign(size), rootHash: sha256(Buffer.of(size % 256)) }
            const error = await ctError(client.frontier(index, lie))
            expect(['CT_CONSISTENCY', 'CT_INCLUSION', 'CT_ROOT_MISMATCH']).toContain(error.code)
            expect(error.retryable).toBe(true)
          }
      })
    })

    describe('inclusion', () => {
      it('is proven for entries of all heads, equal leaves included', async () => {
        for (const size of SIZES.slice(1)) {
          const head = log.sign(size)
          for (const index of [...SIZES, 40, 41, size - 1].filter((at) => at < size)) {
            const path = await client.inclusion(index, hashOf(index), head)
            verifyInclusion(hashOf(index), index, size, path, head.rootHash)
          }
        }
      })
    })

    describe('issuer', () => {
      it('is the certificate with that fingerprint, or an error', async () => {
        const { issuer } = log
        const unknown = await ctError(client.issuer(new Uint8Array(32)))
        if (issuer === undefined) return expect(unknown.code).toBe('CT_OPTION_INVALID')
        expect(unknown).toMatchObject({ code: 'CT_HTTP_STATUS', status: 404 })
        expect(Buffer.compare(await client.issuer(sha256(issuer)), issuer)).toBe(0)
        log.fault = (body) => body.fill(0x30, 0, 1)
        const error = await ctError(client.issuer(sha256(issuer)))
        expect(error).toMatchObject({ code: 'CT_RESPONSE_MALFORMED', retryable: true })
      })
    })

    const asks: Record<string, (client: LogClient, options?: { signal?: AbortSignal }) => Promise<unknown>> = {
      head: (asked, options) => asked.head(options),
      entries: (asked, options) => asked.entries(512, SIZE, options),
      consistency: (asked, options) => asked.consistency(300, log.sign(SIZE), options),
      frontier: (asked, options) => asked.frontier(300, log.sign(SIZE), options),
      'frontier at the head': (asked, options) => asked.frontier(SIZE, log.sign(SIZE), options),
      inclusion: (asked, options) => asked.inclusion(300, hashOf(300), log.sign(SIZE), options),
    }

    interface FaultCase {
      readonly name: string
      readonly fault: Fault
      readonly code: CtErrorCode
      readonly retryable?: boolean
      readonly says?: RegExp
      readonly more?: Record<string, unknown>
      readonly timeouts?: Partial<HttpTimeouts>
    }
    const faults: FaultCase[] = [
      {
        name: 'a page with status 200',
        fault: () => Buffer.from('<!DOCTYPE html>\n<html><body>Maintenance</body></html>'),
        code: 'CT_RESPONSE_MALFORMED',
        says: /a page instead of data: "Maintenance"/,
      },
      { name: 'nothing', fault: () => Buffer.alloc(0), code: 'CT_RESPONSE_MALFORMED' },
      { name: 'half of it', fault: (body) => body.subarray(0, body.length / 2), code: 'CT_RESPONSE_MALFORMED' },
      { name: 'all but a byte', fault: (body) => body.subarray(0, -1), code: 'CT_RESPONSE_MALFORMED' },
      {
        name: 'more of it',
        fault: (body) => Buffer.concat([body, Buffer.from('?')]),
        code: 'CT_RESPONSE_MALFORMED',
      },
      { name: 'something else', fault: () => Buffer.from('{"error":"no"}'), code: 'CT_RESPONSE_MALFORMED' },
      {
        name: '429',
        fault: () => (response) => void response.writeHead(429, { 'retry-after': '3' }).end('slow down'),
        code: 'CT_HTTP_STATUS',
        more: { status: 429, retryAfterMs: 3000 },
        says: /429 Too Many Requests: "slow down"/,
      },
      {
        name: '500 with a page',
        fault: () => (response) => void response.writeHead(500).end('<h1>oops</h1>'),
        code: 'CT_HTTP_STATUS',
        more: { status: 500 },
        says: /500 Internal Server Error: "oops"/,
      },
      {
        name: 'a redirect',
        fault: () => (response) => void response.writeHead(301, { location: '/elsewhere' }).end(),
        code: 'CT_HTTP_STATUS',
        more: { status: 301 },
        retryable: false,
      },
      { name: 'a cut connection', fault: () => (response) => response.socket?.destroy(), code: 'CT_HTTP_NETWORK' },
      {
        name: 'half of what it announced',
        fault: (body) => (response) => {
          response.writeHead(200, { 'content-length': body.length }).write(body.subarray(0, body.length / 2))
          response.socket?.end()
        },
        code: 'CT_HTTP_NETWORK',
      },
      { name: 'silence', fault: () => () => {}, code: 'CT_HTTP_TIMEOUT', timeouts: { totalMs: 50 } },
      {
        name: 'too much',
        fault: () => (response) => void response.writeHead(200, { 'content-length': 2 ** 40 }).flushHeaders(),
        code: 'CT_RESPONSE_TOO_LARGE',
      },
    ]

    describe('a log that answers', () => {
      for (const [transportName, make] of [
        ['undici', (timeouts) => new UndiciTransport({ timeouts })],
        ['fetch', (timeouts) => new FetchTransport(fetch, { timeouts })],
      ] as [string, (timeouts?: Partial<HttpTimeouts>) => Transport][])
        describe.each(faults)(
          `$name, over ${transportName}`,
          ({ fault, code, retryable = true, says, more = {}, timeouts }) => {
            it.each(Object.entries(asks))('to %s', async (_, ask) => {
              const hasty = make(timeouts)
              log.fault = fault
              const error = await ctError(ask(open(hasty)))
              expect(error).toMatchObject({ code, retryable, ...more })
              expect(error.message).toMatch(/^\[GET\] "http:\/\/127\.0\.0\.1/)
              if (says) expect(error.message).toMatch(says)
              await hasty.close()
            })
          },
        )
    })

    describe('an abort', () => {
      it.each(Object.entries(asks))('ends %s with its own reason', async (_, ask) => {
        const reason = new Error('enough')
        await expect(ask(open(), { signal: AbortSignal.abort(reason) })).rejects.toBe(reason)
        const controller = new AbortController()
        log.fault = () => () => controller.abort(reason)
        await expect(ask(open(), { signal: controller.signal })).rejects.toBe(reason)
      })
    })
  })
}
