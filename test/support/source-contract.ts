import { createHash } from 'node:crypto'
import { afterEach, describe, expect, it } from 'vitest'
import type { ParkedEntries } from '../../src/processors/index.js'
import { pump } from '../../src/sinks/index.js'
import { CERTIFICATE_SHAPES, createTestLog, issueCertificates, type TestLog } from '../../src/testing/index.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import type { Clock } from '../../src/types/clock.js'
import type { Sink } from '../../src/types/cluster.js'
import type { QueueSource, QueueSourceOptions } from '../../src/types/queue.js'
import { Notifier } from '../../src/util/notifier.js'
import { decodeMerkleLeaf } from '../../src/wire/merkle-leaf.js'
import { closing } from './closing.js'
import { fastClock } from './fast-clock.js'
import { backfill, certificates, grow, logOf } from './logs.js'

/** An empty place in an engine, for one test. */
export interface QueuePlace {
  /** What fills it; not opened. With the largest body that it writes, where it has such an option. */
  sink(options?: { readonly maxBodyBytes?: number; readonly body?: 'leaf' | 'json' }): Sink
  source(options: QueueSourceOptions): QueueSource
  /** Damages the entry as the engine has it, so that it cannot be read; undone by `restore`. */
  damage?(logId: string, index: number): Promise<{ restore(): Promise<void> }>
  /** Has somebody else write a valid entry of a log again, under another index. */
  forge?(log: TestLog, entry: CtCertificate, index: number, body?: Uint8Array): Promise<void>
  /** Takes what is below an index away, as retention does. */
  retain?(logId: string, below: number): Promise<void>
  parked(): Promise<ParkedEntries>
  /** Entries that a group was told to be missing. */
  missed(group: string): Promise<readonly { logId: string; start: number; end: number }[]>
  /** Which of two processors gets a log, where its place decides on that: there is one of each half then. */
  halfOf?(logId: string): Promise<0 | 1>
  remove(): Promise<void>
}

/** What differs between engines. */
export interface SourceTraits {
  /** Shortest that the engine takes. Milliseconds. */
  readonly leaseMs: number
  /** Whether the clock of a source decides when it falls silent; not where a client has timers of its own. */
  readonly obeysClock: boolean
  /** Whether it keeps entries that no `TileLeaf` can hold, which are set aside otherwise. */
  readonly keepsEverything: boolean
  /** Whether a log moves to another processor at once, so that what was acknowledged and not stored comes again. Default: when all is stored. */
  readonly movesAtOnce?: boolean
  /** What it cannot do, and why; said beside the title of the test that is left out. */
  readonly lacks?: Partial<
    Record<'sharing' | 'retention' | 'damage' | 'omission' | 'forgery' | 'bytes' | 'bodies', string>
  >
  /** Whether it has the issuers of RFC 6962 logs, which an entry of a queue names by their hashes. Default: it has none. */
  readonly keepsIssuers?: boolean
  /** Whether it hands out an entry under a forged index, as it has nothing to tell by. Default: it sets it aside. */
  readonly trustsIndexes?: boolean
}

/** What every queue source must do, whichever engine it reads. */
export function sourceContract(name: string, traits: SourceTraits, makePlace: () => Promise<QueuePlace>): void {
  const {
    leaseMs,
    obeysClock,
    keepsEverything,
    lacks = {},
    trustsIndexes = false,
    movesAtOnce = false,
    keepsIssuers = false,
  } = traits
  /** The test, or the reason why there is none. */
  const unless = (lack: string | undefined, title: string, test: () => Promise<void>) =>
    lack === undefined ? it(title, test) : it.skip(`${title} (not here: ${lack})`)
  describe(`a queue in ${name}`, () => {
    let place: QueuePlace
    const open: QueueSource[] = []
    afterEach(async () => {
      for (const source of open.splice(0)) await source.close()
      await place?.remove()
    })
    const begin = async () => {
      place = await makePlace()
      return place
    }
    const source = (options: Partial<QueueSourceOptions> = {}) => {
      const made = place.source({ group: 'g', end: 'head', pageEntries: 100, leaseMs, ...options })
      open.push(made)
      return made
    }
    const fill = async (...logs: readonly TestLog[]) => {
      for (const log of logs)
        await pump({
          sink: place.sink(),
          clock: fastClock(20_000),
          stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
        })
    }
    /** All there is, acknowledged. */
    const readAll = async (options: Partial<QueueSourceOptions> = {}) => {
      const one = source(options)
      const found: CtCertificate[] = []
      for await (const certificate of one) {
        found.push(certificate)
        one.acknowledge(certificate)
      }
      await one.close()
      return found
    }
    const inParked = async <T>(use: (parked: ParkedEntries) => Promise<T>): Promise<T> => {
      await using parked = await place.parked()
      return await use(parked)
    }
    const listed = () => inParked((parked) => parked.list({ group: 'g' }))
    const replay = () => inParked((parked) => parked.replay('g'))
    const indexesOf = (found: readonly CtCertificate[], log: TestLog) =>
      found.filter((certificate) => certificate.log.id === log.logId).map(({ index }) => index)
    const range = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i)

    /** Two of each half. */
    const fourLogs = async () => {
      const halves: [TestLog[], TestLog[]] = [[], []]
      for (let n = 0; halves[0].length < 2 || halves[1].length < 2; n++) {
        const log = await logOf(60)
        halves[(await place.halfOf?.(log.logId)) ?? ((n % 2) as 0 | 1)].push(log)
      }
      return [...halves[0].slice(0, 2), ...halves[1].slice(0, 2)]
    }

    it('has every entry of logs of both kinds, in order, as the log has it', async () => {
      await begin()
      const logs = [await logOf(350), await logOf(350, { kind: 'static-ct' })]
      await fill(...logs)
      const found = await readAll()
      for (const log of logs) {
        const wanted: CtCertificate[] = []
        for await (const certificate of backfill(log)) wanted.push(certificate)
        const mine = found.filter((certificate) => certificate.log.id === log.logId)
        expect(mine.map(({ index }) => index)).toEqual(range(0, 350))
        expect(mine.map(shapeOf)).toEqual(wanted.map(shapeOf))
      }
    })

    it(`${keepsIssuers ? 'has' : 'says that it does not have'} the chain of an entry, as far as its log sends one with it`, async () => {
      await begin()
      const [sent, named] = [await logOf(40), await logOf(40, { kind: 'static-ct' })]
      const chains = async () => {
        const found: unknown[] = []
        const one = source()
        for await (const certificate of one) {
          found.push(await certificate.chain().catch((error) => error.code))
          one.acknowledge(certificate)
        }
        await one.close()
        return found
      }
      const unknown = Array.from({ length: 40 }, () => 'CT_SINK_FAILED')
      await fill(named)
      // Nobody has fetched them.
      expect(await chains()).toEqual(unknown)
      await fill(sent)
      const wanted: unknown[] = []
      for await (const certificate of backfill(sent)) wanted.push(await certificate.chain())
      expect(wanted.flat().length).toBeGreaterThan(0)
      expect(await chains()).toEqual(keepsIssuers ? wanted : unknown)
    })

    it('goes on behind what is acknowledged, and gives again what is not', async () => {
      await begin()
      const log = await logOf(300)
      await fill(log)
      const first = source()
      for await (const certificate of first) {
        if (certificate.index < 130) first.acknowledge(certificate)
        if (certificate.index === 220) break
      }
      await first.close()
      expect(indexesOf(await readAll(), log)).toEqual(range(130, 300))
      grow(log, 50)
      await fill(log)
      expect(indexesOf(await readAll(), log)).toEqual(range(300, 350))
    })

    it('gives each group everything, and one that begins now only what comes', async () => {
      await begin()
      const log = await logOf(120)
      await fill(log)
      expect(indexesOf(await readAll({ group: 'one' }), log)).toEqual(range(0, 120))
      expect(indexesOf(await readAll({ group: 'two' }), log)).toEqual(range(0, 120))
      expect(await readAll({ group: 'late', start: 'now' })).toEqual([])
      grow(log, 30)
      await fill(log)
      expect(indexesOf(await readAll({ group: 'late', start: 'now' }), log)).toEqual(range(120, 150))
    })

    it('gives a group that begins now before anything was written all that comes', async () => {
      await begin()
      expect(await readAll({ group: 'early', start: 'now' })).toEqual([])
      const log = await logOf(120)
      await fill(log)
      expect(indexesOf(await readAll({ group: 'early', start: 'now' }), log)).toEqual(range(0, 120))
    })

    unless(lacks.sharing, 'waits for what comes, and shares the logs of a group', async () => {
      await begin()
      const logs = await fourLogs()
      await fill(...logs)
      const found: CtCertificate[][] = [[], []]
      const all = () => found.flat()
      const wanted = { count: 240, isAll: false }
      const enough = new Notifier()
      const sources = [0, 1].map(() => source({ end: 'never', commitIntervalMs: 20 }))
      const readers = sources.map(async (one, n) => {
        for await (const certificate of one) {
          found[n]?.push(certificate)
          one.acknowledge(certificate)
          if (wanted.isAll && new Set(all().map(({ log, index }) => `${log.id} ${index}`)).size === wanted.count)
            enough.notify()
        }
      })
      const sharing = () => sources.every((one) => one.status().logs.length === 2)
      const ended = enough.wait()
      const feed = async () => {
        while (!sharing()) {
          for (const log of logs) grow(log, 1)
          wanted.count += logs.length
          await fill(...logs)
        }
        for (const log of logs) grow(log, 1)
        wanted.count += logs.length
        wanted.isAll = true
        await fill(...logs)
      }
      await feed()
      await ended
      for (const one of sources) await one.close()
      await Promise.allSettled(readers)
      for (const log of logs) {
        const indexes = indexesOf(all(), log)
        const once = movesAtOnce ? [...new Set(indexes)] : [...indexes]
        expect(once.sort((a, b) => a - b)).toEqual(range(0, log.size))
      }
      expect(found.every((mine) => mine.length > 0)).toBe(true)
    })

    it.skipIf(!obeysClock)(
      'has a processor that falls silent replaced, whose acknowledgements move nothing then',
      async () => {
        await begin()
        const log = await logOf(200)
        await fill(log)
        const silent = source({ clock: stopped })
        const had: CtCertificate[] = []
        for await (const certificate of silent) {
          had.push(certificate)
          if (certificate.index === 150) break
        }
        const next = source({ end: 'never' })
        const found: CtCertificate[] = []
        for await (const certificate of next) {
          found.push(certificate)
          if (certificate.index === 20) next.acknowledge(certificate)
          if (certificate.index !== 20) continue
          await next.commit()
          // It wakes up, and believes that it is finished with 150 entries.
          for (const one of had) silent.acknowledge(one)
          await silent.commit()
          break
        }
        expect(indexesOf(found, log)).toEqual(range(0, 21))
        await next.close()
        expect(indexesOf(await readAll(), log)).toEqual(range(21, 200))
      },
    )

    it('takes what can hardly be parsed', async () => {
      await begin()
      const shapes = [...issueCertificates(CERTIFICATE_SHAPES.length, { sign: false, seed: 'source contract' })]
      const log = await logOf(0)
      log.add([...shapes, { leafInput: Uint8Array.of(0, 0, 1), extraData: new Uint8Array(3) }])
      log.add([{ leafInput: new Uint8Array(40).fill(0xff), extraData: Uint8Array.of(1) }, ...certificates(3)])
      log.publish()
      await fill(log)
      const found = await readAll()
      const all: CtCertificate[] = []
      for await (const certificate of backfill(log)) all.push(certificate)
      const isKept = ({ leafInput }: CtCertificate) => keepsEverything || isLeaf(leafInput)
      const wanted = all.filter(isKept)
      expect(indexesOf(found, log)).toEqual(wanted.map(({ index }) => index))
      expect((await listed()).map(({ index }) => index).sort((a, b) => Number(a) - Number(b))).toEqual(
        all.filter((each) => !isKept(each)).map(({ index }) => index),
      )
      expect(found.map(({ leafInput }) => leafInput)).toEqual(wanted.map(({ leafInput }) => leafInput))
      expect(found.map(({ kind }) => kind)).toEqual(wanted.map(({ kind }) => kind))
    })

    unless(
      lacks.damage,
      'sets aside what cannot be read, goes on, and tries it again when it is asked to',
      async () => {
        const { damage } = await begin()
        if (damage === undefined) throw new TypeError('this place damages nothing')
        const log = await logOf(150)
        await fill(log)
        const damaged = await damage(log.logId, 42)
        expect(indexesOf(await readAll(), log)).toEqual(range(0, 150).filter((index) => index !== 42))
        expect(await listed()).toMatchObject([{ logId: log.logId, index: 42, by: 'queue' }])
        // It fails again: it stays where it is.
        await replay()
        expect(await readAll()).toEqual([])
        expect(await listed()).toHaveLength(1)
        await damaged.restore()
        await replay()
        expect(indexesOf(await readAll(), log)).toEqual([42])
        expect(await listed()).toEqual([])
      },
    )

    unless(
      lacks.forgery,
      'skips nothing for a valid entry under an index that nobody has written, which it sets aside where it can tell',
      async () => {
        const { forge } = await begin()
        if (forge === undefined) throw new TypeError('this place forges nothing')
        const log = await logOf(150)
        await fill(log)
        const [entry] = await readAll({ group: 'one' })
        await forge(log, entry as CtCertificate, 9_000_000)
        const forged = trustsIndexes ? [9_000_000] : []
        expect(indexesOf(await readAll(), log)).toEqual([...range(0, 150), ...forged])
        expect((await listed()).map(({ index, by }) => [index, by])).toEqual(
          trustsIndexes ? [] : [[9_000_000, 'queue']],
        )
        grow(log, 50)
        try {
          await fill(log)
        } catch (error) {
          // It takes nothing below the highest index: whoever writes says so, and does not count as written what is not.
          expect(error).toMatchObject({ code: 'CT_CHECKPOINT_UNUSABLE', message: expect.stringContaining('9000000') })
          return
        }
        expect(indexesOf(await readAll(), log)).toEqual(range(150, 200))
      },
    )

    it('sets an entry aside once, and forgets it when it is replayed and acknowledged', async () => {
      await begin()
      const log = await logOf(20)
      await fill(log)
      const one = source()
      for await (const certificate of one) {
        if (certificate.index === 7)
          for (let i = 0; i < 2; i++) await one.park(certificate, { by: 'test', message: 'no\u001b[31m' })
        one.acknowledge(certificate)
      }
      await one.close()
      expect(await listed()).toMatchObject([{ logId: log.logId, index: 7, by: 'test', message: 'no\\x1b[31m' }])
      await replay()
      expect(indexesOf(await readAll(), log)).toEqual([7])
      expect(await listed()).toEqual([])
    })

    unless(lacks.omission, 'sets aside what was too large for the engine, or has it from the log', async () => {
      const { sink } = await begin()
      const log = await logOf(3)
      // Far larger than any of the others, which vary.
      const dnsNames = Array.from({ length: 4000 }, (_, n) => `host-${n}.example.com`)
      log.add([...issueCertificates([{ dnsNames }]), ...certificates(3)])
      log.publish()
      await pump({
        sink: sink({ maxBodyBytes: 60_000 }),
        stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
      })
      expect(indexesOf(await readAll({ group: 'one' }), log)).toEqual([0, 1, 2, 4, 5, 6])
      const asideOf = (group: string) => inParked((parked) => parked.list({ group }))
      const message = 'too large for the engine: it is in its log'
      expect(await asideOf('one')).toMatchObject([{ logId: log.logId, index: 3, by: 'queue', message }])
      const refill = ({ start, end }: { start: number; end: number }) =>
        backfill(log, { start: { index: start }, end: { index: end } })
      expect(indexesOf(await readAll({ group: 'two', refill }), log)).toEqual(range(0, 7))
      expect(await asideOf('two')).toEqual([])
    })

    /** Writes a log from an index on, where the engine does not know better. */
    const add = (log: TestLog, body: 'leaf' | 'json', start: number) =>
      pump({
        sink: place.sink({ body }),
        clock: fastClock(20_000),
        stream: (checkpoint) =>
          backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual', start: { index: start } }),
      })

    unless(lacks.bodies, 'refuses what has no whole entry, at every start', async () => {
      await begin()
      const log = await logOf(20)
      // As of a collector that has begun at the head of the log.
      await add(log, 'json', 5)
      const refused = async (options: Partial<QueueSourceOptions>) => {
        const one = source(options)
        await expect(one.batches().next()).rejects.toMatchObject({
          code: 'CT_SINK_FAILED',
          retryable: false,
          message: expect.stringContaining('body=leaf'),
        })
        await one.close()
      }
      for (let i = 0; i < 2; i++) await refused({})
      const late = { group: 'late', start: 'now' } as const
      expect(await readAll(late)).toEqual([])
      grow(log, 3)
      await add(log, 'json', 20)
      for (let i = 0; i < 2; i++) await refused(late)
      expect(await listed()).toEqual([])
    })

    unless(lacks.bodies, 'goes on behind entries that were written with another body', async () => {
      await begin()
      const log = await logOf(20)
      await add(log, 'leaf', 0)
      expect(indexesOf(await readAll({ group: 'one' }), log)).toEqual(range(0, 20))
      grow(log, 3)
      await add(log, 'json', 20)
      const asideOf = (group: string) => inParked((parked) => parked.list({ group }))
      const aside = [20, 21, 22].map((index) => expect.objectContaining({ logId: log.logId, index, by: 'queue' }))
      const expectAside = async (group: string) => {
        const found = await asideOf(group)
        expect([...found].sort((a, b) => Number(a.index) - Number(b.index))).toEqual(aside)
        for (const { message } of found)
          expect(message).toBe('its body is json, not the whole entry, which is in its log')
      }
      // They come first in what is left, and again to nobody.
      expect(await readAll({ group: 'one' })).toEqual([])
      await expectAside('one')
      grow(log, 20)
      await add(log, 'leaf', 23)
      expect(indexesOf(await readAll({ group: 'one' }), log)).toEqual(range(23, 43))
      await expectAside('one')
      const refill = ({ start, end }: { start: number; end: number }) =>
        backfill(log, { start: { index: start }, end: { index: end } })
      expect(indexesOf(await readAll({ group: 'two', refill }), log)).toEqual(range(0, 43))
      expect(await asideOf('two')).toEqual([])
      // Of another group, which has met them among whole ones.
      expect(indexesOf(await readAll(), log)).toEqual([...range(0, 20), ...range(23, 43)])
      await expectAside('g')
      await replay()
      expect(indexesOf(await readAll({ refill }), log)).toEqual([20, 21, 22])
      expect(await listed()).toEqual([])
    })

    unless(lacks.bytes, 'hands out no more than some MiB of large entries at a time', async () => {
      await begin()
      // Half a megabyte each, which every engine takes; of names that hardly compress.
      const named = (i: number) => ({ dnsNames: Array.from({ length: 3600 }, (_, n) => longName(`${i} ${n}`)) })
      const log = closing(await createTestLog({ entries: issueCertificates(range(0, 40).map(named)) }))
      await fill(log)
      const one = source()
      const pages: number[] = []
      const read: number[] = []
      for await (const page of one.batches()) {
        pages.push(page.reduce((sum, { leafInput }) => sum + leafInput.length, 0))
        read.push(...indexesOf(page, log))
        for (const certificate of page) one.acknowledge(certificate)
      }
      expect(read).toEqual(range(0, 40))
      expect(pages.reduce((sum, bytes) => sum + bytes, 0)).toBeGreaterThan(16 * 2 ** 20)
      expect(Math.max(...pages)).toBeLessThanOrEqual(8.5 * 2 ** 20)
    })

    unless(lacks.retention, 'says what retention has taken, or has it from the log', async () => {
      const { retain, missed } = await begin()
      if (retain === undefined) throw new TypeError('this place takes nothing away')
      const log = await logOf(250)
      await fill(log)
      for (const group of ['told', 'filled']) {
        const first = source({ group })
        for await (const certificate of first) {
          first.acknowledge(certificate)
          if (certificate.index === 29) break
        }
        await first.close()
      }
      await retain(log.logId, 140)
      expect(indexesOf(await readAll({ group: 'told' }), log)).toEqual(range(140, 250))
      expect(await missed('told')).toEqual([{ logId: log.logId, start: 30, end: 140 }])
      const refill = ({ start, end }: { start: number; end: number }) =>
        backfill(log, { start: { index: start }, end: { index: end } })
      expect(indexesOf(await readAll({ group: 'filled', refill }), log)).toEqual(range(30, 250))
      expect(await missed('filled')).toEqual([])
      // A group that is new begins with what there is.
      expect(indexesOf(await readAll({ group: 'new' }), log)).toEqual(range(140, 250))
    })

    unless(lacks.retention, 'says what is missing of a log of which retention has left nothing', async () => {
      const { retain, missed } = await begin()
      if (retain === undefined) throw new TypeError('this place takes nothing away')
      const [ended, whole, other] = [await logOf(250), await logOf(40), await logOf(20)]
      await fill(ended, whole, other)
      const first = source({ group: 'told' })
      for await (const certificate of first) {
        // Of the first log alone there is something left.
        if (certificate.log.id !== ended.logId || certificate.index < 30) first.acknowledge(certificate)
      }
      await first.close()
      for (const { logId, size } of [ended, whole]) await retain(logId, size)
      grow(other, 10)
      await fill(other)
      const found = await readAll({ group: 'told' })
      expect([indexesOf(found, ended), indexesOf(found, whole)]).toEqual([[], []])
      expect(indexesOf(found, other)).toEqual(range(20, 30))
      expect(await missed('told')).toEqual([{ logId: ended.logId, start: 30, end: 250 }])
      // It was told once.
      expect(await readAll({ group: 'told' })).toEqual([])
      expect(await missed('told')).toHaveLength(1)
    })
  })
}

const longName = (text: string) => `${createHash('sha512').update(text).digest('hex').match(/.{32}/g)?.join('.')}.com`

/** Whether a `TileLeaf` can hold it. */
const isLeaf = (leafInput: Uint8Array) => decodeMerkleLeaf(leafInput).kind === 'leaf'

/** What of an entry an engine must keep. */
function shapeOf(certificate: CtCertificate): object {
  const { log, index, kind, verified, leafHash, leafInput, sha256, dnsNames, issuanceId, timestamp, problems } =
    certificate
  return { log, index, kind, verified, leafHash, leafInput, sha256, dnsNames, issuanceId, timestamp, problems }
}

/** Of a processor that is suspended: nothing that waits in it goes on, until it is closed. */
const stopped: Clock = {
  now: Date.now,
  sleep: (_ms, signal) =>
    new Promise((_resolve, reject) => signal?.addEventListener('abort', () => reject(signal.reason), { once: true })),
}
