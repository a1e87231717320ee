import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import {
  createTestLog,
  type IssuedCertificate,
  issueCertificates,
  type TestLogOptions,
} from '../../../src/testing/index.js'
import type { LogSpec } from '../../../src/types/log.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { sha256Hex } from '../../../src/util/hash.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { indexesOf, range, take, takePages } from '../../support/follow.js'

const logOf = async (entries: Iterable<IssuedCertificate>, options: TestLogOptions = {}) =>
  closing(await createTestLog({ entries, ...options }))

const issued = (count: number, seed = 'ct-stream') => [...issueCertificates(count, { sign: false, seed })]

const read = (logs: LogSpec | LogSpec[], options: CtStreamOptions) =>
  ctStream({
    logs: [logs].flat(),
    start: 'beginning',
    end: 'head',
    checkpoint: false,
    clock: fastClock(),
    ...options,
  })

async function positionIn(checkpoint: MemoryCheckpointStore): Promise<number | undefined> {
  await checkpoint.open()
  const [row] = await checkpoint.load()
  await checkpoint.close()
  return row?.position
}

const nothing = { domains: ['no-such-name.example'] }

describe.each(['rfc6962', 'static-ct'] as const)('a filter over a %s log', (kind) => {
  it('delivers what matches and nothing else, as the certificates themselves say', async () => {
    const entries = issued(1500)
    const log = await logOf(entries, { kind })
    const wanted = new Set(entries.flatMap(({ dnsNames }, i) => (i % 100 === 7 ? dnsNames.slice(0, 1) : [])))
    const domains = [...wanted].map((name) => `=${name.replace(/^\*\./, 'x.')}`)
    const expected = entries.flatMap(({ dnsNames }, i) =>
      dnsNames.some((name) => domains.some((domain) => covers(name, domain.slice(1)))) ? [i] : [],
    )
    expect(expected.length).toBeGreaterThan(10)
    expect(indexesOf(await take(read(log.spec, { filter: { domains } })))).toEqual(expected)
    expect(indexesOf(await takePages(read(log.spec, { filter: { domains } })))).toEqual(expected)
  })

  it('that drops everything still moves and commits the position', async () => {
    const log = await logOf(issued(1000), { kind })
    const checkpoint = new MemoryCheckpointStore()
    const stream = read(log.spec, { checkpoint, filter: nothing })
    expect(await take(stream)).toEqual([])
    expect(stream.status()).toMatchObject({
      entries: 1000,
      filtered: 1000,
      duplicates: 0,
      bufferedBytes: 0,
      logs: [{ position: 1000, entries: 1000, filtered: 1000, lagEntries: 0, state: 'finished' }],
    })
    expect(await positionIn(checkpoint)).toBe(1000)
    const pages = read(log.spec, { filter: nothing })
    expect(await takePages(pages)).toEqual([])
    expect(pages.status().filtered).toBe(1000)
    // Another filter does not bring back what was dropped.
    expect(await take(read(log.spec, { checkpoint }))).toEqual([])
  })

  it('never makes an empty batch', async () => {
    const log = await logOf(issued(2000), { kind })
    const sizes: number[] = []
    const filter = { match: ({ index }: { index: number }) => index === 700 || index > 1990 }
    for await (const batch of read(log.spec, { filter }).batches()) sizes.push(batch.length)
    expect(sizes).toEqual([1, 9])
  })
})

describe('a filter and the position', () => {
  const every = (n: number) => ({ match: ({ index }: { index: number }) => index % n === 0 })

  it('stands at the entry the reader left at, not before what was dropped on the way to it', async () => {
    const log = await logOf(issued(1000))
    const checkpoint = new MemoryCheckpointStore()
    expect(indexesOf(await take(read(log.spec, { checkpoint, filter: every(300) }), 2))).toEqual([0, 300])
    expect(await positionIn(checkpoint)).toBe(300)
    expect(indexesOf(await take(read(log.spec, { checkpoint, filter: every(300) })))).toEqual([300, 600, 900])
  })

  it('counts an acknowledged entry when the loop is left', async () => {
    const log = await logOf(issued(600))
    const checkpoint = new MemoryCheckpointStore()
    const stream = read(log.spec, { checkpoint, filter: every(100) })
    for await (const { index } of stream) {
      if (index < 300) continue
      stream.acknowledge()
      break
    }
    expect(indexesOf(await take(read(log.spec, { checkpoint })))).toEqual(range(301, 600))
  })

  it('is not moved past an entry by an acknowledgement before it is read', async () => {
    const log = await logOf(issued(600))
    const checkpoint = new MemoryCheckpointStore()
    const stream = read(log.spec, { checkpoint, filter: every(300) })
    const iterator = stream[Symbol.asyncIterator]()
    expect((await iterator.next()).value?.index).toBe(0)
    const pending = iterator.next()
    stream.acknowledge()
    expect((await pending).value?.index).toBe(300)
    await iterator.return?.()
    expect(await positionIn(checkpoint)).toBe(300)
  })

  it('goes on from every cursor', async () => {
    const log = await logOf(issued(900))
    const certificates = await take(read(log.spec, { filter: every(7) }))
    expect(indexesOf(certificates)).toEqual(range(0, 900).filter((i) => i % 7 === 0))
    for (const at of [0, 1, 40, 127, 128]) {
      const resume = certificates[at]?.cursor ?? ''
      expect(indexesOf(await take(read(log.spec, { filter: every(7), resume })))).toEqual(
        indexesOf(certificates.slice(at + 1)),
      )
    }
  })

  it('gives the reader what `match` throws, before the position moves past the entry', async () => {
    const log = await logOf(issued(1000))
    for (const at of [0, 5, 256, 400]) {
      const checkpoint = new MemoryCheckpointStore()
      const failing = {
        match: ({ index }: { index: number }) => {
          if (index === at) throw new Error('mine')
          return index % 2 === 0
        },
      }
      const stream = read(log.spec, { checkpoint, filter: failing })
      await expect(take(stream)).rejects.toThrow('mine')
      await expect(stream.commit()).rejects.toMatchObject({ code: 'CT_CLOSED' })
      expect(indexesOf(await take(read(log.spec, { checkpoint })))).toEqual(range(at, 1000))
      await expect(takePages(read(log.spec, { filter: failing }))).rejects.toThrow('mine')
    }
  })

  it('lets others have their turn while it drops', async () => {
    const log = await logOf(issued(5000))
    let turns = 0
    const timer = setInterval(() => turns++, 0)
    await take(read(log.spec, { filter: nothing }))
    clearInterval(timer)
    expect(turns).toBeGreaterThan(3)
  })
})

describe('dedupe', () => {
  it('delivers each certificate once, whichever log it is in', async () => {
    const entries = issued(900)
    const logs = [
      await logOf(entries),
      await logOf(entries, { kind: 'static-ct' }),
      await logOf(entries.slice(100, 300)),
    ]
    const specs = logs.map(({ spec }) => spec)
    for (const take_ of [take, takePages]) {
      const stream = read(specs, { dedupe: 'certificate' })
      const certificates = await take_(stream)
      expect(new Set(certificates.map(({ sha256 }) => sha256)).size).toBe(900)
      expect(certificates).toHaveLength(900)
      expect(stream.status()).toMatchObject({ entries: 2000, duplicates: 1100, filtered: 0, bufferedBytes: 0 })
      expect(stream.status().logs.map(({ position }) => position)).toEqual([900, 900, 200])
    }
  })

  it('takes a precertificate and its certificate for one when asked to', async () => {
    const log = await logOf(issued(600))
    const all = await take(read(log.spec, {}))
    expect(new Set(all.map(({ kind }) => kind)).size).toBe(2)
    const once = await take(read(log.spec, { dedupe: 'issuance' }))
    expect(once.map(({ issuanceId }) => issuanceId)).toEqual([...new Set(all.map(({ issuanceId }) => issuanceId))])
    expect(once).toHaveLength(300)
    expect(await take(read(log.spec, { dedupe: 'certificate' }))).toHaveLength(600)
  })

  it('lets no log keep a certificate from the reader by publishing it with another signature first', async () => {
    const entries = issued(200)
    const junk = entries.map((entry) => ({ ...entry, der: withOtherSignature(entry.der) }))
    for (const by of ['certificate', 'issuance'] as const)
      for (const kind of ['rfc6962', 'static-ct'] as const) {
        const log = await logOf([...junk, ...entries], { kind })
        const certificates = await take(read(log.spec, { dedupe: by }))
        const delivered = new Set(certificates.map(({ sha256 }) => sha256))
        // Each precertificate as the CA signed it, and each certificate whose precertificate nobody claims to have.
        const owed = entries.filter(({ kind }) => by === 'certificate' || kind === 'precertificate')
        for (const { der } of owed) expect(delivered).toContain(sha256Hex(der))
        const alone = await logOf([...junk, ...entries].filter(({ kind }) => kind === 'certificate'))
        expect(await take(read(alone.spec, { dedupe: by }))).toHaveLength(200)
      }
  })

  it('never drops a precertificate for a certificate, which may be made up', async () => {
    const entries = issued(100)
    const isCertificate = ({ kind }: IssuedCertificate) => kind === 'certificate'
    const madeUp = entries.filter(isCertificate).map((entry) => ({ ...entry, der: withOtherSignature(entry.der) }))
    const log = await logOf([...madeUp, ...entries.filter((entry) => !isCertificate(entry))])
    const certificates = await take(read(log.spec, { dedupe: 'issuance' }))
    expect(certificates.filter(({ kind }) => kind === 'precertificate')).toHaveLength(50)
  })

  it('delivers again what it had to forget', async () => {
    const entries = issued(50)
    const log = await logOf([...entries, ...entries])
    expect(await take(read(log.spec, { dedupe: { by: 'certificate', maxEntries: 49 } }))).toHaveLength(100)
    expect(await take(read(log.spec, { dedupe: { by: 'certificate', maxEntries: 50 } }))).toHaveLength(50)
  })

  it('does not remember what the filter drops', async () => {
    const log = await logOf(issued(200))
    const options: CtStreamOptions = { dedupe: 'issuance', filter: { kinds: ['certificate'] } }
    const stream = read(log.spec, options)
    const certificates = await take(stream)
    expect(certificates).toHaveLength(100)
    expect(certificates.every(({ kind }) => kind === 'certificate')).toBe(true)
    expect(stream.status()).toMatchObject({ filtered: 100, duplicates: 0 })
  })

  it('loses nothing when it is left and started anew, wherever that is', async () => {
    const entries = issued(700)
    const specs = [await logOf(entries), await logOf(entries, { kind: 'static-ct' })].map(({ spec }) => spec)
    for (const limit of [1, 255, 256, 257, 300, 650, 700]) {
      const checkpoint = new MemoryCheckpointStore()
      const options: CtStreamOptions = { checkpoint, dedupe: 'certificate' }
      const first = await take(read(specs, options), limit)
      const second = await take(read(specs, options))
      // The entry it was left at was not acknowledged: without it, nothing is missing.
      const seen = new Set([...first.slice(0, -1), ...second].map(({ sha256 }) => sha256))
      expect([limit, seen.size]).toEqual([limit, 700])
    }
  })

  it('loses nothing after any cursor', async () => {
    const entries = issued(700)
    const specs = [await logOf(entries), await logOf(entries, { kind: 'static-ct' })].map(({ spec }) => spec)
    const all = await take(read(specs, { dedupe: 'certificate' }))
    expect(all).toHaveLength(700)
    for (const at of [0, 100, 255, 256, 511, 690, 699]) {
      const rest = await take(read(specs, { dedupe: 'certificate', resume: all[at]?.cursor ?? '' }))
      const seen = new Set([...all.slice(0, at + 1), ...rest].map(({ sha256 }) => sha256))
      expect([at, seen.size]).toEqual([at, 700])
    }
  })
})

/** The same certificate but for its signature, whose last bit is another. */
function withOtherSignature(der: Uint8Array): Uint8Array {
  const changed = Uint8Array.from(der)
  changed[changed.length - 1] = (changed.at(-1) as number) ^ 1
  return changed
}

/** Whether a certificate's name covers a host: the same, or a wildcard with one label for its star. */
function covers(name: string, host: string): boolean {
  return name === host || (name.startsWith('*.') && host.slice(host.indexOf('.')) === name.slice(1))
}
