import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import Database from 'better-sqlite3'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import type { CtStreamError } from '../../../src/errors.js'
import { IndexRanges, rangesOf } from '../../../src/server/index-ranges.js'
import { Issuer } from '../../../src/server/issuer.js'
import { type KeepOptions, KeptEntries } from '../../../src/server/kept-entries.js'
import { packPage, unpackPage } from '../../../src/server/page-codec.js'
import { type ServedEntry, servedEntry } from '../../../src/server/served-entry.js'
import { logNamed, madeCertificates } from '../../support/module-certificates.js'

const folder = mkdtempSync(join(tmpdir(), 'ct-stream-kept-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = () => join(folder, `${files++}.db`)

const entries = await Promise.all(
  madeCertificates(40, { kinds: 'pairs' }).map(async (one) => servedEntry(one, await one.chain())),
)
const hour = 3_600_000

function opened(file: string, options: Partial<KeepOptions> = {}) {
  return KeptEntries.open({ file, forMs: hour, maxBytes: 2 ** 30, now: () => 0, ...options })
}

describe('kept entries', () => {
  it('are decoded from their bytes unchanged', async () => {
    const bytes = fc.uint8Array({ maxLength: 50 })
    const some = fc.record({
      index: fc.nat(),
      historical: fc.boolean(),
      verified: fc.boolean(),
      accusedOf: fc.constantFrom(undefined, 'CT_ROOT_MISMATCH' as const),
      seenAt: fc.option(fc.nat(), { nil: undefined }),
      leafInput: bytes,
      submitted: fc.option(bytes, { nil: undefined }),
      issuers: fc.option(
        fc.array(fc.constantFrom(...[[1, 2], [], [3], [3]].map((der) => new Issuer(Uint8Array.from(der))))),
        {
          nil: undefined,
        },
      ),
    })
    const log = logNamed('codec')
    await fc.assert(
      fc.asyncProperty(fc.array(some, { minLength: 1, maxLength: 8 }), async (all) => {
        const page: ServedEntry[] = all.map((one) => ({ ...one, log }))
        expect(await unpackPage(await packPage(page))).toEqual(page)
      }),
    )
  })

  it('continue their numbering after a restart, and make the same messages', async () => {
    const file = newFile()
    const first = await opened(file)
    const page = await first.add(entries.slice(0, 10))
    const texts = entries.slice(0, 10).map((_, i) => `${page.message('full', i)}`)
    first.close()
    const second = await opened(file)
    expect([second.series, second.oldest, second.newest]).toEqual([first.series, 1, 10])
    const again = await second.pageAfter(0)
    expect(entries.slice(0, 10).map((_, i) => `${again?.message('full', i)}`)).toEqual(texts)
    expect((await second.add(entries.slice(10, 12))).first).toBe(11)
    expect((await second.pageAfter(9))?.first).toBe(1)
    expect((await second.pageAfter(10))?.first).toBe(11)
    expect(await second.pageAfter(12)).toBeUndefined()
    // What was asked for before it was there is there then, also when it is no longer in memory.
    for (let i = 12; i < 30; i++) await second.add(entries.slice(i, i + 1))
    expect((await second.pageAfter(12))?.first).toBe(13)
    second.close()
  })

  it('are known to the next run, which does not number them again', async () => {
    const file = newFile()
    const first = await opened(file)
    await first.add([...entries.slice(3, 7), ...entries.slice(9, 10)])
    const [log] = entries.map((entry) => entry.log.id) as [string]
    expect(first.has(log, 4)).toBe(false)
    first.close()
    const second = await opened(file)
    // Not what a filter had left out between them.
    const known = Array.from({ length: 12 }, (_, index) => index).filter((index) => second.has(log, index))
    expect(known).toEqual([3, 4, 5, 6, 9])
    expect(second.has('another log', 4)).toBe(false)
    second.close()
  })

  it('are deleted when they are too old or too many, the oldest first', async () => {
    let now = 0
    const file = newFile()
    const kept = await opened(file, { now: () => now })
    await kept.add(entries.slice(0, 4))
    now = hour
    await kept.add(entries.slice(4, 8))
    expect(kept.oldest).toBe(1)
    now = hour + 1
    await kept.add(entries.slice(8, 9))
    expect(kept.oldest).toBe(5)
    expect((await kept.pageAfter(0))?.first).toBe(5)
    kept.close()
    const small = await opened(file, { now: () => now, maxBytes: 1 })
    expect(small.oldest).toBe(5)
    await small.add(entries.slice(9, 10))
    expect([small.oldest, small.newest]).toEqual([10, 10])
    small.close()
  })

  it('belong to one process at a time', async () => {
    const file = newFile()
    const first = await opened(file)
    await expect(opened(file)).rejects.toMatchObject({
      code: 'CT_CACHE_UNUSABLE',
      message: expect.stringContaining('another process has it open'),
    })
    first.close()
    ;(await opened(file)).close()
  })

  it('are not written into a file that is not ours', async () => {
    const file = newFile()
    writeFileSync(
      file,
      'a letter to a friend, of some length: more than a hundred bytes, which is what a header of SQLite has',
    )
    await expect(opened(file)).rejects.toMatchObject({ code: 'CT_CACHE_UNUSABLE' })
    await expect(opened(join(folder, 'no', 'such', 'folder'))).rejects.toMatchObject({ code: 'CT_CACHE_UNUSABLE' })
  })

  it('are refused if a newer version wrote them', async () => {
    const file = newFile()
    ;(await opened(file)).close()
    const db = new Database(file)
    db.pragma('user_version = 2')
    db.close()
    await expect(opened(file)).rejects.toMatchObject({
      code: 'CT_CACHE_UNUSABLE',
      message: expect.stringContaining('it has schema version 2; this one knows 1'),
    })
  })

  it('are left out with a warning if they are damaged', async () => {
    const file = newFile()
    const first = await opened(file)
    for (const start of [0, 4, 8]) await first.add(entries.slice(start, start + 4))
    first.close()
    const db = new Database(file)
    db.prepare('UPDATE pages SET entries = ? WHERE first = 5').run(Buffer.from('no page'))
    db.close()
    const damages: CtStreamError[] = []
    const second = await opened(file, { onDamaged: (error) => damages.push(error) })
    expect((await second.pageAfter(0))?.first).toBe(1)
    expect((await second.pageAfter(4))?.first).toBe(9)
    expect(damages).toMatchObject([{ code: 'CT_CACHE_UNUSABLE' }])
    expect(await second.pageAfter(12)).toBeUndefined()
    second.close()
  })

  it('fail with a clear error if they cannot be read', async () => {
    await expect(unpackPage(Uint8Array.of(1, 2, 3))).rejects.toThrow()
    const whole = await packPage(entries.slice(0, 2))
    await expect(unpackPage(whole.subarray(0, whole.length - 20))).rejects.toThrow()
  })
})

describe('ranges of indexes', () => {
  it('cover the indexes of a list', () => {
    expect(rangesOf([])).toEqual([])
    expect(rangesOf([4, 5, 6, 9, 11, 12])).toEqual([
      [4, 7],
      [9, 10],
      [11, 13],
    ])
  })

  it('contain the indexes that were added, as a set would', () => {
    const steps = fc.array(fc.tuple(fc.nat({ max: 4 }), fc.nat({ max: 4 })), { maxLength: 30 })
    fc.assert(
      fc.property(steps, (all) => {
        const ranges = new IndexRanges()
        const set = new Set<number>()
        let start = 0
        for (const [skip, length] of all) {
          start += skip
          ranges.add('log', start, start + length)
          for (let i = start; i < start + length; i++) set.add(i)
        }
        for (let i = 0; i < start + 10; i++) expect(ranges.has('log', i), `${i}`).toBe(set.has(i))
      }),
    )
  })
})
