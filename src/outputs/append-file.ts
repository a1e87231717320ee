import { createReadStream, createWriteStream, type Stats } from 'node:fs'
import { type FileHandle, open, readdir, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, extname, join, resolve } from 'node:path'
import { pipeline } from 'node:stream/promises'
import { createGzip } from 'node:zlib'
import { CtStreamError } from '../errors.js'
import type { Clock, Logger } from '../types/clock.js'
import { inTurn } from '../util/in-turn.js'
import { writeAll } from '../util/write-all.js'
import { fileFailed } from './output-error.js'

export interface AppendFileOptions {
  readonly path: string
  /** Starts a new file before one would exceed this size, bytes; `undefined` for never. */
  readonly rotateBytes: number | undefined
  /** Whether to start a new file each day, UTC. */
  readonly rotateDaily: boolean
  readonly gzip: boolean
  /** First line of a new file. */
  readonly header?: string
  /**
   * Whether the text after a file's last line break is the beginning of a line of ours, which a crash cut off and is removed. `false`: the
   * file is not ours.
   */
  readonly isTorn: (tail: string) => boolean
  readonly clock: Clock
  readonly log: Logger
}

/** Longest last line that is examined, bytes. */
const MAX_LINE = 16 * 1024 * 1024
const CHUNK = 64 * 1024
/** Readable for the owner only: the file shows what somebody watches. */
const MODE = 0o600

/**
 * A file of lines that only grows. When `append` resolves, its lines are on the disk; when it rejects, none of them is in the file, so
 * that they can be appended again.
 *
 * All that write to one path in a process do so one after the other: what fails is cut off, and must not take with it what another
 * has written behind it.
 */
export class AppendFile {
  private readonly options: AppendFileOptions
  /** What the turn is taken by. */
  private readonly place: string
  private file: FileHandle | undefined
  private identity = ''
  /** Size of the file, which ends with a whole line, when this instance last looked. */
  private size = 0
  /** Of its first line, as far as this instance knows. */
  private day = ''
  private zipping: Promise<void> = Promise.resolve()

  constructor(options: AppendFileOptions) {
    this.options = options
    this.place = resolve(options.path)
  }

  /** Opens the file, and repairs what a crash left. @throws {@link CtStreamError} `CT_OUTPUT_FAILED` */
  async open(): Promise<void> {
    await inTurn(this.place, () => this.ready())
    if (this.options.gzip) this.zipInBackground(await this.rotated())
  }

  /**
   * @param lines - Each without its line break, and without one inside.
   * @throws {@link CtStreamError} `CT_OUTPUT_FAILED`
   */
  async append(lines: readonly string[]): Promise<void> {
    if (lines.length === 0) return
    const bytes = Buffer.from(`${lines.join('\n')}\n`)
    await inTurn(this.place, () => this.write(bytes))
  }

  /** Waits for what is being written and for the compression, and closes the file. Idempotent. */
  async close(): Promise<void> {
    await inTurn(this.place, async () => {
      await this.file?.close()
      this.file = undefined
    })
    await this.zipping
  }

  private async write(bytes: Buffer): Promise<void> {
    await this.ready()
    if (this.mustRotate(bytes.length)) await this.rotate()
    const file = this.file as FileHandle
    // It may have been open, and empty, for days.
    if (!this.hasLines) this.day = dayOf(this.options.clock.now())
    try {
      await append(file, bytes)
      await file.datasync()
      this.size += bytes.length
    } catch (error) {
      await this.undo()
      throw fileFailed(this.options.path, 'written', error)
    }
  }

  /** Makes sure that the file is open, is still the one at its path, and ends with a whole line. */
  private async ready(): Promise<void> {
    const { path } = this.options
    try {
      if (this.file !== undefined) {
        const stats = await statsAt(path)
        if (stats !== undefined && identityOf(stats) === this.identity) {
          // Another instance has written to it, or somebody has emptied it.
          if (stats.size !== this.size) {
            if (!this.hasLines) this.day = dayOf(stats.mtimeMs)
            await this.begin(this.file, stats.size)
          }
          return
        }
        // Moved, as by logrotate, or deleted: what was written went with it.
        await this.file.close()
        this.file = undefined
      }
      const file = await open(path, 'a+', MODE)
      try {
        const stats = await file.stat()
        if (!stats.isFile()) throw new Error('it is not a regular file')
        await this.begin(file, stats.size)
        this.day = dayOf(stats.mtimeMs)
        this.identity = identityOf(stats)
        await syncFolder(path)
      } catch (error) {
        await file.close()
        throw error
      }
      this.file = file
    } catch (error) {
      throw fileFailed(path, 'opened', error)
    }
  }

  /** Prepares a file of this size for what is appended. */
  private async begin(file: FileHandle, size: number): Promise<void> {
    const { header } = this.options
    this.size = await this.mend(file, size)
    if (this.size > 0 || header === undefined) return
    const bytes = Buffer.from(`${header}\n`)
    await append(file, bytes)
    this.size = bytes.length
  }

  /** Removes an incomplete last line: its append never resolved. Returns the size. */
  private async mend(file: FileHandle, size: number): Promise<number> {
    const { path, isTorn, log } = this.options
    let tail = Buffer.alloc(0)
    for (let at = size; at > 0; ) {
      const start = Math.max(0, at - CHUNK)
      const chunk = Buffer.alloc(at - start)
      const { bytesRead } = await file.read(chunk, 0, chunk.length, start)
      if (bytesRead < chunk.length) throw new Error('it changed while it was read')
      const end = chunk.lastIndexOf(0x0a)
      tail = Buffer.concat([chunk.subarray(end + 1), tail])
      if (end >= 0) break
      if (tail.length > MAX_LINE) throw foreign(path, `has a last line of more than ${MAX_LINE} bytes`)
      at = start
    }
    if (tail.length === 0) return size
    if (!isTorn(tail.toString('utf8'))) throw foreign(path, 'ends with something that this output did not write')
    await file.truncate(size - tail.length)
    await file.datasync()
    log.warn(`${path}: cut off the last line, of which only ${tail.length} bytes had been written; it comes again`)
    return size - tail.length
  }

  private async undo(): Promise<void> {
    try {
      await this.file?.truncate(this.size)
    } catch {
      // The next attempt opens the file again, and repairs it.
      await this.file?.close().catch(() => {})
      this.file = undefined
    }
  }

  /** Whether there is more than the header. */
  private get hasLines(): boolean {
    const { header } = this.options
    return this.size > (header === undefined ? 0 : Buffer.byteLength(header) + 1)
  }

  private mustRotate(more: number): boolean {
    const { rotateBytes, rotateDaily, clock } = this.options
    if (!this.hasLines) return false
    if (rotateBytes !== undefined && this.size + more > rotateBytes) return true
    return rotateDaily && dayOf(clock.now()) !== this.day
  }

  private async rotate(): Promise<void> {
    const { path, gzip, clock } = this.options
    try {
      const { stem, extension } = partsOf(path)
      const time = new Date(clock.now()).toISOString().replace(/[-:]|\.\d+/g, '')
      let target = `${stem}-${time}${extension}`
      for (let n = 2; await isTaken(target); n++) target = `${stem}-${time}-${n}${extension}`
      await rename(path, target)
      await this.file?.close()
      this.file = undefined
      await syncFolder(path)
      if (gzip) this.zipInBackground([target])
    } catch (error) {
      throw fileFailed(path, 'rotated', error)
    }
    await this.ready()
  }

  /** Rotated files that are not compressed yet, as after a crash. */
  private async rotated(): Promise<string[]> {
    const { path } = this.options
    const { stem, extension } = partsOf(basename(path))
    const names = await readdir(dirname(path)).catch(() => [])
    return names
      .filter((name) => name.startsWith(`${stem}-`) && name.endsWith(extension))
      .filter((name) => /^\d{8}T\d{6}Z(-\d+)?$/.test(name.slice(stem.length + 1, name.length - extension.length)))
      .map((name) => join(dirname(path), name))
  }

  /** Compresses files one by one. One that cannot be compressed stays as it is. */
  private zipInBackground(files: readonly string[]): void {
    for (const file of files)
      this.zipping = this.zipping
        .then(() => zip(file))
        .catch((error) => this.options.log.warn(`${file} cannot be compressed and stays as it is: ${error.message}`))
  }
}

/** The compressed file gets its name once it is complete and on the disk; only then is the original deleted. */
async function zip(file: string): Promise<void> {
  const partial = `${file}.gz.partial`
  await pipeline(createReadStream(file), createGzip(), createWriteStream(partial, { mode: MODE, flush: true }))
  await rename(partial, `${file}.gz`)
  await syncFolder(file)
  await rm(file)
}

async function append(file: FileHandle, bytes: Buffer): Promise<void> {
  await writeAll(bytes, async (rest) => (await file.write(rest)).bytesWritten)
}

/** A new name survives a power cut only after its folder is synced. Some systems cannot sync folders; that is ignored. */
async function syncFolder(path: string): Promise<void> {
  try {
    const folder = await open(dirname(path), 'r')
    try {
      await folder.sync()
    } finally {
      await folder.close()
    }
  } catch {}
}

function foreign(path: string, problem: string): CtStreamError {
  return new CtStreamError('CT_OUTPUT_FAILED', `output file ${path} ${problem}: name another file, or move it away`)
}

function partsOf(path: string): { readonly stem: string; readonly extension: string } {
  const extension = extname(path)
  return { stem: path.slice(0, path.length - extension.length), extension }
}

const dayOf = (epochMs: number): string => new Date(epochMs).toISOString().slice(0, 10)
const identityOf = ({ dev, ino }: Stats): string => `${dev}:${ino}`
const isTaken = async (path: string): Promise<boolean> =>
  (await statsAt(path)) !== undefined || (await statsAt(`${path}.gz`)) !== undefined
const statsAt = (path: string): Promise<Stats | undefined> => stat(path).catch(() => undefined)
