// A sink of one's own: each log's entries as JSON lines in a file of its own. The last line of a file says where its log is, so that
// nothing is there twice. Whatever you write to, these are the things to get right: all of it durable when `write` returns, nothing half after a
// crash, and `open` asks the engine what it has. A test runs the contract of every sink over it.
import { mkdir, open, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { argv } from 'node:process'
import { pathToFileURL } from 'node:url'
import { type CtCertificate, CtStreamError, ctStream } from 'ct-stream'
import { pump, type Sink } from 'ct-stream/sinks'

type File = Awaited<ReturnType<typeof open>>

/** How much is read of a file to find its last line, at first. */
const TAIL_BYTES = 65_536

export class FileSink implements Sink {
  readonly guarantee = 'exactly-once'
  private readonly folder: string
  /** By log id; with the length that was written. */
  private readonly files = new Map<string, { readonly file: File; length: number }>()

  constructor(folder: string) {
    this.folder = folder
  }

  /** Where each log is: behind the last whole line of its file. Half a line, of a crash, is cut off. */
  async open(): Promise<ReadonlyMap<string, number>> {
    await this.close()
    await mkdir(this.folder, { recursive: true })
    const places = new Map<string, number>()
    for (const name of await readdir(this.folder)) {
      if (!name.endsWith('.jsonl')) continue
      const id = Buffer.from(name.slice(0, -'.jsonl'.length), 'base64url').toString('base64')
      const { file } = await this.fileOf(id)
      const { line, end } = await lastLine(file)
      await file.truncate(end)
      this.files.set(id, { file, length: end })
      if (line !== undefined) places.set(id, indexOf(line, name) + 1)
    }
    return places
  }

  /** A page of one log. After an error the sink is opened again, and what is half there is cut off. */
  async write(page: readonly CtCertificate[]): Promise<void> {
    const [first] = page
    if (first === undefined) return
    const kept = await this.fileOf(first.log.id)
    const lines = Buffer.from(page.map((certificate) => `${JSON.stringify(certificate)}\n`).join(''))
    try {
      if ((await kept.file.stat()).size < kept.length)
        throw new CtStreamError('CT_SINK_ROLLED_BACK', `the file of ${first.log.description} is shorter than it was`)
      await writeAll(kept.file, lines, kept.length)
      await kept.file.datasync()
    } catch (cause) {
      if (CtStreamError.is(cause)) throw cause
      const why = `cannot write to ${this.folder}: ${(cause as Error).message}`
      throw new CtStreamError('CT_SINK_FAILED', why, { cause, retryable: true })
    }
    kept.length += lines.length
  }

  async close(): Promise<void> {
    for (const { file } of this.files.values()) await file.close()
    this.files.clear()
  }

  private async fileOf(id: string) {
    const kept = this.files.get(id)
    if (kept !== undefined) return kept
    const path = join(this.folder, `${Buffer.from(id, 'base64').toString('base64url')}.jsonl`)
    // Opened for reading and writing at any place, and made where it is missing.
    const file = await open(path, 'r+').catch(() => open(path, 'w+'))
    const made = { file, length: (await file.stat()).size }
    this.files.set(id, made)
    return made
  }
}

/** A disk with little room takes less than it is given, without an error: it says why with the next attempt. */
async function writeAll(file: File, bytes: Buffer, position: number): Promise<void> {
  for (let done = 0; done < bytes.length; ) {
    const { bytesWritten } = await file.write(bytes, done, bytes.length - done, position + done)
    if (bytesWritten === 0) throw new Error('nothing more can be written')
    done += bytesWritten
  }
}

/** The last whole line of a file, and where it ends. */
async function lastLine(file: File): Promise<{ line: string | undefined; end: number }> {
  const { size } = await file.stat()
  for (let bytes = TAIL_BYTES; ; bytes *= 4) {
    const start = Math.max(0, size - bytes)
    const { buffer } = await file.read(Buffer.alloc(size - start), 0, size - start, start)
    const end = buffer.lastIndexOf('\n')
    const before = buffer.lastIndexOf('\n', end - 1)
    if (end > 0 && (before !== -1 || start === 0))
      return { line: buffer.toString('utf8', before + 1, end), end: start + end + 1 }
    if (start === 0) return { line: undefined, end: 0 }
  }
}

function indexOf(line: string, name: string): number {
  try {
    const { index } = JSON.parse(line)
    if (Number.isSafeInteger(index)) return index
  } catch {
    // Said below.
  }
  throw new CtStreamError('CT_CHECKPOINT_UNUSABLE', `${name} is of something else: it ends in no entry`)
}

if (pathToFileURL(argv[1] ?? '').href === import.meta.url) {
  const stop = new AbortController()
  process.once('SIGINT', () => stop.abort())
  await pump({
    sink: new FileSink(argv[2] ?? 'entries'),
    signal: stop.signal,
    stream: () => ctStream({ checkpoint: 'file-sink.db' }),
  })
}
