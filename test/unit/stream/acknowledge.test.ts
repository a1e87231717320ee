import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { decodeEntry } from '../../../src/decode/index.js'
import type { CtStreamError } from '../../../src/errors.js'
import { type CtStream, ctStream } from '../../../src/stream/ct-stream.js'
import type { TestLog } from '../../../src/testing/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { CheckedStore } from '../../support/checked-store.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take } from '../../support/follow.js'
import { backfill, logOf } from '../../support/logs.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const manual = { acknowledge: 'manual' } as const

const streamOf = (logs: readonly TestLog[], options: CtStreamOptions = {}) =>
  ctStream({
    logs: logs.map(({ spec }) => spec),
    start: 'beginning',
    end: 'head',
    checkpoint: false,
    clock: fastClock(20_000),
    ...manual,
    ...options,
  })

/** Reads everything without leaving the loop. */
async function pull(stream: CtStream, count: number): Promise<CtCertificate[]> {
  const iterator = stream[Symbol.asyncIterator]()
  const certificates: CtCertificate[] = []
  while (certificates.length < count) certificates.push((await iterator.next()).value)
  return certificates
}

const find = (certificates: readonly CtCertificate[], log: TestLog, index: number): CtCertificate =>
  certificates.find((c) => c.log.id === log.logId && c.index === index) as CtCertificate

describe('acknowledge: manual', () => {
  const reading: [string, (stream: CtStream) => Promise<void>][] = [
    [
      'for await',
      async (stream) => {
        for await (const { index } of stream) if (index === 799) break
      },
    ],
    [
      'batches()',
      async (stream) => {
        for await (const page of stream.batches()) if (page.at(-1)?.index === 799) break
      },
    ],
    [
      'an iterator',
      async (stream) => {
        await pull(stream, 800)
        await stream.close()
      },
    ],
  ]
  it.each(reading)('acknowledges nothing by reading, with %s', async (_, read) => {
    const log = await logOf(800)
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint, ...manual })
    await read(stream)
    expect(stream.status().logs[0]?.position).toBe(0)
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(0, 800))
  })

  it('commits what the caller acknowledged, and nothing else', async () => {
    const log = await logOf(800)
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint, ...manual })
    const certificates = await pull(stream, 800)
    // Pages the reader left long ago, the middle of one, and back: what is acknowledged stays so.
    for (const [at, position] of [
      [10, 11],
      [299, 300],
      [255, 300],
      [600, 601],
      [0, 601],
    ] as const) {
      stream.acknowledge(certificates[at] as CtCertificate)
      expect(stream.status().logs[0]?.position).toBe(position)
    }
    await stream.close()
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(601, 800))
  })

  it('takes any certificate of a batch for all before it', async () => {
    const log = await logOf(600, { pageSize: 100 })
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint, ...manual })
    for await (const page of stream.batches()) {
      if (page[0]?.index !== 300) stream.acknowledge(page.at(-1) as CtCertificate)
      else stream.acknowledge(page[41] as CtCertificate)
      if (page[0]?.index === 300) break
    }
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(342, 600))
  })

  it('leaves logs apart, in whatever order they are acknowledged', async () => {
    const logs = [await logOf(400), await logOf(400, { kind: 'static-ct' })]
    const [a, b] = logs as [TestLog, TestLog]
    const checkpoint = new CheckedStore(logs)
    const stream = streamOf(logs, { checkpoint, commit: 'manual' })
    const certificates = await pull(stream, 800)
    stream.acknowledge(find(certificates, b, 399))
    await stream.commit()
    expect([a, b].map(({ logId }) => checkpoint.positions.get(logId))).toEqual([0, 400])
    stream.acknowledge(find(certificates, a, 7))
    stream.acknowledge(find(certificates, a, 3))
    expect(checkpoint.positions.get(a.logId)).toBe(0)
    await stream.commit()
    expect([a, b].map(({ logId }) => checkpoint.positions.get(logId))).toEqual([8, 400])
    stream.acknowledge()
    await stream.commit()
    expect([a, b].map(({ logId }) => checkpoint.positions.get(logId))).toEqual([400, 400])
    await stream.close()
  })

  it('counts what was dropped as acknowledged as soon as all before it is', async () => {
    const log = await logOf(2000)
    const wanted = [5, 9, 300, 1500]
    const stream = backfill(log, { ...manual, filter: { match: ({ index }) => wanted.includes(index) } })
    const certificates = await pull(stream, 4)
    const positions = certificates.map((certificate) => {
      const before = stream.status().logs[0]?.position
      stream.acknowledge(certificate)
      return [before, stream.status().logs[0]?.position]
    })
    await stream.close()
    expect(positions.slice(0, 3)).toEqual([
      [5, 9],
      [9, 300],
      [300, 1500],
    ])
    // How far the last page was looked through is not said.
    expect(positions[3]?.[1]).toBeGreaterThan(1500)
  })

  it('holds no room for pages that were dropped while an entry is not acknowledged', async () => {
    const log = await logOf(6000, { pageSize: 50 })
    const stream = backfill(log, {
      ...manual,
      maxBufferedBytes: 6_000_000,
      filter: { match: ({ index }) => index === 3 || index === 5998 },
    })
    const [first, last] = await pull(stream, 2)
    expect(last?.index).toBe(5998)
    expect(stream.status().logs[0]?.bytes).toBeGreaterThan(2 * 6_000_000)
    expect(stream.status().logs[0]?.position).toBe(3)
    stream.acknowledge(first as CtCertificate)
    expect(stream.status().logs[0]?.position).toBe(5998)
    await stream.close()
  })

  it('keeps what is not acknowledged within the bound, says that reading waits for it, and reads on when it is', async () => {
    const log = await logOf(3000, { pageSize: 50 })
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, warn: (message: string) => warnings.push(message), error() {} }
    const stream = backfill(log, { ...manual, logger, maxBufferedBytes: 1_000_000, contact: 'me@example.com' })
    const certificates: CtCertificate[] = []
    const notices: CtStreamError[] = []
    let most = 0
    stream.on('error', ({ error }) => {
      notices.push(error)
      most = Math.max(most, stream.status().bufferedBytes)
      // Everything, and nothing of it twice: told again only after everything was finished with.
      stream.acknowledge(certificates.at(-1) as CtCertificate)
    })
    for await (const certificate of stream) {
      certificates.push(certificate)
      if (certificates.length === 3000) stream.acknowledge()
    }
    expect(indexesOf(certificates)).toEqual(range(0, 3000))
    expect(notices.length).toBeGreaterThan(2)
    expect(notices[0]).toMatchObject({ code: 'CT_UNACKNOWLEDGED', retryable: true, index: 0, logId: log.logId })
    expect(notices[0]?.message).toMatch(/acknowledge\(cert\)/)
    expect(warnings).toEqual(notices.map(({ message }) => message))
    expect(most).toBeGreaterThan(500_000)
    expect(most).toBeLessThan(1_500_000)
    expect(stream.status().bufferedBytes).toBe(0)
  })

  it('says that reading waits once, not again and again', async () => {
    const log = await logOf(3000, { pageSize: 50 })
    const clock = new VirtualClock(Date.now())
    const stream = backfill(log, { ...manual, clock, maxBufferedBytes: 500_000 })
    const notices: string[] = []
    stream.on('error', ({ error }) => notices.push(error.code))
    const reading = take(stream)
    await expect.poll(() => clock.pass(1000).then(() => notices.length), { timeout: 30_000 }).toBe(1)
    await clock.pass(3_600_000)
    expect(notices).toEqual(['CT_UNACKNOWLEDGED'])
    await stream.close()
    expect((await reading).length).toBeLessThan(3000)
  })

  it('says nothing of a log that is caught up, whatever is not acknowledged', async () => {
    const log = await logOf(100)
    const clock = new VirtualClock(Date.now())
    const stream = streamOf([log], { clock, end: 'never' })
    const notices: string[] = []
    stream.on('error', ({ error }) => notices.push(error.code))
    const certificates: CtCertificate[] = []
    const reading = (async () => {
      for await (const certificate of stream) certificates.push(certificate)
    })()
    await expect.poll(() => clock.pass(1000).then(() => certificates.length), { timeout: 30_000 }).toBe(100)
    await clock.pass(300_000)
    await stream.close()
    await reading
    expect(notices).toEqual([])
  })
})

describe('acknowledge(cert)', () => {
  it('refuses what its stream did not deliver', async () => {
    const log = await logOf(300)
    const [foreign] = await take(backfill(log), 1)
    const stream = backfill(log)
    const wrong: [unknown, RegExp][] = [
      [foreign, /must be a certificate that this stream has delivered.* it is .*entry 0$/],
      // Not everything: a certificate that is missing must not acknowledge all of them.
      [undefined, /it is undefined/],
      [null, /it is null/],
      [{ index: 0, log: log.spec }, /it is http.*entry 0/],
      ['cursor', /it is 'cursor'/],
    ]
    const refuses = (value: unknown, message: RegExp) =>
      expect(() => stream.acknowledge(value as CtCertificate)).toThrow(
        expect.objectContaining({ code: 'CT_OPTION_INVALID', message: expect.stringMatching(message) }),
      )
    for (const [value, message] of wrong) refuses(value, message)
    const iterator = stream[Symbol.asyncIterator]()
    await iterator.next()
    const second = (await iterator.next()).value as CtCertificate
    const raw = { index: second.index, leafInput: second.leafInput, extra: foreign as never }
    const decoded = decodeEntry(raw, {
      log: second.log,
      historical: false,
      cursor: () => '',
      issuer: async () => raw.leafInput,
    })
    for (const [value, message] of [...wrong, [decoded, /entry 1$/], [{ ...second }, /acknowledge/]] as typeof wrong)
      refuses(value, message)
    expect(stream.status().logs[0]?.position).toBe(1)
    stream.acknowledge(second)
    expect(stream.status().logs[0]?.position).toBe(2)
    await stream.close()
    // It is of this stream all the same, only too late.
    stream.acknowledge(second)
    refuses(foreign, /acknowledge/)
  })

  it('refuses an entry that the filter saw and the reader was not given yet', async () => {
    const log = await logOf(300)
    const failing = backfill(log, {
      filter: {
        match: (certificate) => {
          failing.acknowledge(certificate)
          return true
        },
      },
    })
    await expect(failing.batches().next()).rejects.toMatchObject({ code: 'CT_OPTION_INVALID' })
    expect(failing.status().entries).toBe(0)
  })

  it('moves on in the middle of a batch, where reading acknowledges too', async () => {
    const log = await logOf(300)
    const checkpoint = new MemoryCheckpointStore()
    const stream = backfill(log, { checkpoint })
    for await (const page of stream.batches()) {
      stream.acknowledge(page[40] as CtCertificate)
      break
    }
    expect(indexesOf(await take(backfill(log, { checkpoint })))).toEqual(range(41, 300))
  })
})

describe('a cursor where the caller acknowledges', () => {
  it('has nothing of other logs behind it that is not acknowledged', async () => {
    const logs = [await logOf(300), await logOf(300, { kind: 'static-ct' })]
    const [a, b] = logs as [TestLog, TestLog]
    const stream = streamOf(logs)
    const certificates = await pull(stream, 600)
    const cursorAfter = () => find(certificates, b, 200).cursor
    const rest = async (resume: string) => {
      const left = await take(streamOf(logs, { resume, acknowledge: 'automatic' }))
      return logs.map(({ logId }) => left.filter(({ log }) => log.id === logId).length)
    }
    expect(await rest(cursorAfter())).toEqual([300, 99])
    stream.acknowledge(find(certificates, a, 99))
    stream.acknowledge(find(certificates, b, 250))
    // The same certificate says it as it is when it is asked.
    expect(await rest(cursorAfter())).toEqual([200, 99])
    await stream.close()
  })

  it('gives effects exactly once, whenever the program dies, when each is acknowledged after its transaction', async () => {
    const logs = [await logOf(300), await logOf(300, { kind: 'static-ct' })]
    const effects: string[] = []
    let cursor: string | undefined
    for (let runs = 0; effects.length < 600 && runs < 100; runs++) {
      const stream = streamOf(logs, { resume: cursor })
      let left = 7 + ((runs * 53) % 130)
      // Pulls pages ahead of the transactions.
      const queue: (readonly CtCertificate[])[] = []
      const pages = stream.batches()
      for (let page = await pages.next(); left > 0; page = await pages.next()) {
        if (!page.done) queue.push(page.value)
        if (!page.done && queue.length < 3) continue
        for (const certificate of queue.shift() ?? []) {
          if (left-- <= 0) break
          effects.push(`${certificate.log.id} ${certificate.index}`)
          cursor = certificate.cursor
          stream.acknowledge(certificate)
        }
        if (page.done && queue.length === 0) break
      }
      await stream.close()
    }
    expect(effects).toHaveLength(600)
    expect(new Set(effects).size).toBe(600)
  })
})

describe('what is committed where the caller acknowledges', () => {
  it('is never more than was acknowledged, and all of it, however it is done', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          sizes: fc.array(fc.integer({ min: 0, max: 500 }), { minLength: 1, maxLength: 3 }),
          byPage: fc.boolean(),
          every: fc.integer({ min: 1, max: 400 }),
          dedupe: fc.boolean(),
          manualCommit: fc.boolean(),
          // After how many entries which of those at hand is acknowledged: how far back, as a share.
          steps: fc.array(fc.tuple(fc.integer({ min: 1, max: 90 }), fc.double({ min: 0, max: 1, noNaN: true })), {
            minLength: 1,
            maxLength: 30,
          }),
        }),
        async ({ sizes, byPage, every, dedupe, manualCommit, steps }) => {
          const logs = await Promise.all(
            sizes.map((size, i) => logOf(size, { kind: i % 2 === 0 ? 'rfc6962' : 'static-ct', pageSize: 61 })),
          )
          const checkpoint = new CheckedStore(logs)
          const options: CtStreamOptions = {
            checkpoint,
            ...(manualCommit && { commit: 'manual' }),
            ...(dedupe && { dedupe: 'certificate' }),
            filter: { match: ({ index }) => index % every === 0 || index % 97 < 20 },
          }
          const wanted = (size: number) => range(0, size).filter((index) => index % every === 0 || index % 97 < 20)
          const stream = streamOf(logs, options)
          const given = new Map<string, CtCertificate[]>(logs.map(({ logId }) => [logId, []]))
          const acknowledged = new Map<string, number>(logs.map(({ logId }) => [logId, -1]))
          const turns = steps.values()
          let [left, share] = turns.next().value as [number, number]
          const act = async (certificate: CtCertificate) => {
            given.get(certificate.log.id)?.push(certificate)
            if (--left > 0) return true
            const all = given.get(certificate.log.id) ?? []
            const one = all[Math.floor(share * (all.length - 1))] as CtCertificate
            stream.acknowledge(one)
            const { id } = one.log
            acknowledged.set(id, Math.max(acknowledged.get(id) ?? -1, one.index))
            if (share > 0.5) await stream.commit()
            const next = turns.next()
            if (next.done) return false
            ;[left, share] = next.value
            return true
          }
          if (byPage) {
            reading: for await (const page of stream.batches())
              for (const certificate of page) if (!(await act(certificate))) break reading
          } else for await (const certificate of stream) if (!(await act(certificate))) break
          if (manualCommit) await stream.commit().catch(() => {})
          await stream.close()
          for (const { logId, size } of logs) {
            const position = checkpoint.positions.get(logId) ?? 0
            const last = acknowledged.get(logId) ?? -1
            // At most up to the next entry that the reader wants.
            expect(position).toBeLessThanOrEqual(wanted(size).find((index) => index > last) ?? size)
            if (!manualCommit) expect(position).toBeGreaterThan(last)
          }
          const second = await take(streamOf(logs, { ...options, acknowledge: 'automatic' }))
          for (const { logId, size } of logs) {
            const rest = indexesOf(second.filter(({ log }) => log.id === logId))
            const last = acknowledged.get(logId) ?? -1
            const missing = wanted(size).filter((index) => index > last)
            expect(rest.slice(rest.length - missing.length)).toEqual(missing)
          }
        },
      ),
      { numRuns: 25 },
    )
  }, 120_000)
})
