import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmdirSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs'
import { open } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it, onTestFinished } from 'vitest'
import { runModules } from '../../../src/modules/index.js'
import { AppendFile, type AppendFileOptions } from '../../../src/outputs/append-file.js'
import { isTornJson, jsonl } from '../../../src/outputs/jsonl.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { quiet } from '../../support/reader.js'
import { VirtualClock } from '../../support/virtual-clock.js'
import { outputContract } from './contract.js'

function folder(): string {
  const path = mkdtempSync(join(tmpdir(), 'ct-stream-jsonl-'))
  onTestFinished(() => rmSync(path, { recursive: true, force: true }))
  return path
}

const linesOf = (path: string) => readFileSync(path, 'utf8').split('\n').slice(0, -1)

outputContract('jsonl', () => {
  const file = join(folder(), 'findings.jsonl')
  return {
    output: jsonl.with({ file }),
    received: () =>
      [`${file}.away`, file].flatMap((path) => {
        const isFile = statSync(path, { throwIfNoEntry: false })?.isFile()
        return isFile ? linesOf(path).map((line) => JSON.parse(line).id) : []
      }),
    fail() {
      // As when the disk is gone: what was written is elsewhere, and the name cannot be opened.
      writeFileSync(`${file}.away`, readFileSync(file))
      rmSync(file)
      mkdirSync(file)
    },
    repair: () => rmdirSync(file),
  }
})

outputContract('jsonl, on a disk that is full now and then', async () => {
  const file = join(folder(), 'findings.jsonl')
  const disk = await FullDisk.make()
  onTestFinished(() => disk.free())
  return {
    output: jsonl.with({ file }),
    received: () => linesOf(file).map((line) => JSON.parse(line).id),
    fail: () => disk.fill(),
    repair: () => disk.free(),
  }
})

/** A disk that takes half of what is written and then nothing, as one does that becomes full. */
class FullDisk {
  private readonly handle: Record<'write' | 'datasync', (...given: unknown[]) => Promise<unknown>>
  private readonly write: (...given: unknown[]) => Promise<unknown>

  static async make(): Promise<FullDisk> {
    const any = await open(import.meta.filename, 'r')
    const prototype = Object.getPrototypeOf(any)
    await any.close()
    return new FullDisk(prototype)
  }

  constructor(handle: FullDisk['handle']) {
    this.handle = handle
    this.write = handle.write
  }

  fill(): void {
    const { write } = this
    let isFull = false
    this.handle.write = async function (this: unknown, bytes, at, length) {
      if (isFull) throw Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
      isFull = true
      return write.call(this, bytes, at, Math.floor((length as number) / 2))
    }
  }

  free(): void {
    this.handle.write = this.write
  }

  /** Calls `action` when a file is written and not on the disk yet. */
  onNextSync(action: () => Promise<void>): void {
    const { handle } = this
    const { datasync } = handle
    handle.datasync = async function (this: unknown) {
      handle.datasync = datasync
      await action()
      return datasync.call(this)
    }
  }
}

describe('AppendFile', () => {
  const warnings: string[] = []
  const log = { debug() {}, info() {}, warn: (message: string) => void warnings.push(message), error() {} }
  const opened = async (path: string, options: Partial<AppendFileOptions> = {}) => {
    const defaults = { rotateBytes: undefined, rotateDaily: false, gzip: false, isTorn: isTornJson, log }
    const file = new AppendFile({ ...defaults, path, clock: new VirtualClock(), ...options })
    await file.open()
    onTestFinished(() => file.close())
    return file
  }

  it('cuts off a line that was not written to its end, wherever it was cut', async () => {
    const path = join(folder(), 'a.jsonl')
    const [first, second] = [`{"id":"${'a'.repeat(100_000)}"}\n`, `{"id":"${'ü'.repeat(70_000)}"}\n`]
    const whole = Buffer.from(first + second)
    for (const at of [
      0,
      1,
      50,
      first.length - 1,
      first.length,
      first.length + 1,
      first.length + 90_001,
      whole.length - 1,
    ]) {
      writeFileSync(path, whole.subarray(0, at))
      const file = await opened(path)
      await file.append(['{"id":"next"}'])
      await file.close()
      const kept = at >= first.length ? first : ''
      expect(readFileSync(path, 'utf8')).toBe(`${kept}{"id":"next"}\n`)
    }
    expect(warnings.at(-1)).toMatch(/cut off the last line/)
  })

  it('leaves alone a file that is not its own', async () => {
    const path = join(folder(), 'a.txt')
    writeFileSync(path, 'one\nsomething else')
    await expect(opened(path)).rejects.toMatchObject({
      code: 'CT_OUTPUT_FAILED',
      message: expect.stringMatching(/ends with something that this output did not write/),
    })
    expect(readFileSync(path, 'utf8')).toBe('one\nsomething else')
    await expect(opened(folder())).rejects.toMatchObject({ code: 'CT_OUTPUT_FAILED' })
  })

  it('goes on in a new file when the old one was moved away', async () => {
    const path = join(folder(), 'a.jsonl')
    const file = await opened(path)
    await file.append(['{"a":1}'])
    rmSync(path)
    await file.append(['{"a":2}'])
    expect(linesOf(path)).toEqual(['{"a":2}'])
    expect(statSync(path).mode & 0o777).toBe(0o600)
  })

  it.each([
    ['the same instance', 1],
    ['another instance', 2],
  ])('keeps a line that is being written while the disk is full for one of %s', async (_, instances) => {
    const path = join(folder(), 'a.jsonl')
    const first = await opened(path)
    const second = instances === 1 ? first : await opened(join(path, '..', 'a.jsonl'))
    await first.append(['{"a":1}'])
    const disk = await FullDisk.make()
    onTestFinished(() => disk.free())
    let refused: Promise<unknown> | undefined
    disk.onNextSync(async () => {
      disk.fill()
      refused = second.append(['{"a":3}']).catch((error) => error)
      await Promise.race([refused, quiet()])
    })
    await first.append(['{"a":2}'])
    expect(await refused).toMatchObject({ code: 'CT_OUTPUT_FAILED', retryable: true })
    expect(linesOf(path)).toEqual(['{"a":1}', '{"a":2}'])
    disk.free()
    await second.append(['{"a":3}'])
    expect(linesOf(path)).toEqual(['{"a":1}', '{"a":2}', '{"a":3}'])
  })

  it('writes behind what is there, also when somebody has emptied the file', async () => {
    const path = join(folder(), 'a.jsonl')
    const file = await opened(path)
    await file.append(['{"a":1}'])
    writeFileSync(path, '')
    const disk = await FullDisk.make()
    onTestFinished(() => disk.free())
    disk.fill()
    await expect(file.append(['{"a":2}'])).rejects.toMatchObject({ code: 'CT_OUTPUT_FAILED' })
    disk.free()
    await file.append(['{"a":3}'])
    expect(readFileSync(path, 'utf8')).toBe('{"a":3}\n')
  })

  it('begins a new file by size and by day, and compresses the old ones, also those of a run before', async () => {
    const place = folder()
    const path = join(place, 'a.jsonl')
    writeFileSync(join(place, 'a-20200101T000000Z.jsonl'), '{"old":1}\n')
    writeFileSync(join(place, 'a-notes.jsonl'), 'mine')
    const clock = new VirtualClock(Date.now())
    const file = await opened(path, { rotateBytes: 1000, rotateDaily: true, gzip: true, clock })
    const line = `{"x":"${'y'.repeat(300)}"}`
    for (let i = 0; i < 7; i++) await file.append([line])
    await clock.pass(86_400_000)
    await file.append(['{"x":"next day"}'])
    await file.append([line.repeat(10)])
    await file.close()
    const names = readdirSync(place).sort()
    expect(names).toContain('a-notes.jsonl')
    const zipped = names.filter((name) => name.endsWith('.gz'))
    expect(names).toHaveLength(zipped.length + 2)
    const contents = zipped.map((name) => gunzipSync(readFileSync(join(place, name))).toString())
    expect(contents.map((text) => text.split('\n').length - 1).sort()).toEqual([1, 1, 1, 3, 3])
    expect(contents).toContain('{"old":1}\n')
    expect(linesOf(path)).toEqual([line.repeat(10)])
  })

  it.each([undefined, 'the header'])('begins no new file on the day of the first line (header: %s)', async (header) => {
    const place = folder()
    const path = join(place, 'a.jsonl')
    const clock = new VirtualClock(Date.now())
    const options = { rotateDaily: true, clock, ...(header !== undefined && { header }) }
    const [file, other] = [await opened(path, options), await opened(path, options)]
    await clock.pass(5 * 86_400_000)
    await file.append(['{"a":1}'])
    await file.append(['{"a":2}'])
    // The file system's time is that of the clock.
    utimesSync(path, clock.now() / 1000, clock.now() / 1000)
    await other.append(['{"a":3}'])
    expect(readdirSync(place)).toEqual(['a.jsonl'])
    await clock.pass(86_400_000)
    await file.append(['{"a":4}'])
    expect(linesOf(path).at(-1)).toBe('{"a":4}')
    expect(readdirSync(place)).toHaveLength(2)
  })
})

describe('jsonl', () => {
  it('writes certificates as they are in JSON, in characters that are harmless', async () => {
    const file = join(folder(), 'certificates.jsonl')
    const certificates = madeCertificates(300)
    await runModules(certificates, [jsonl.with({ file, what: 'certificates' })]).done
    const lines = linesOf(file)
    expect(lines.map((line) => JSON.parse(line))).toEqual(JSON.parse(JSON.stringify(certificates)))
  })

  it('writes no character that a terminal obeys', async () => {
    const file = join(folder(), 'findings.jsonl')
    const { HOSTILE } = await import('./contract.js')
    const { defineModule } = await import('../../../src/modules/index.js')
    const report = defineModule({
      name: 'report',
      onCertificate: (_, { emit }) => emit({ kind: 'x', subject: HOSTILE, reason: HOSTILE }),
    })
    await runModules(madeCertificates(1), [report, jsonl.with({ file })]).done
    const [line] = linesOf(file)
    expect(line).toMatch(/^[\x20-\x7e\u{a0}-\u{ff}…]+$/u)
    expect(JSON.parse(line ?? '').subject).toBe(HOSTILE)
  })
})
