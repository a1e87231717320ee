import { stat } from 'node:fs/promises'
import { CtStreamError } from '../errors.js'
import type { Transport } from '../http/transport.js'
import { readFileUpTo } from '../loglist/read-file.js'
import type { ListLine, readList } from '../watchlist/list-line.js'

/** Largest list, bytes: a million lines of 64 characters. */
const MAX_BYTES = 64 * 1024 * 1024

/** How long a file has to be unchanged before it is read, milliseconds: it may be half written, and half a list is as valid as a whole one. */
export const STILL_MS = 2000

/** A list of entries in a file or at a URL. */
export interface ListSource {
  /** For messages: the path, or the URL without parts that may be secret. */
  readonly name: string
  /**
   * Whether it is as it was at the last call, `STILL_MS` ago or longer; at the first one, whether it was changed before that.
   *
   * @param now - Epoch milliseconds.
   */
  isStill(now: number): Promise<boolean>
  /**
   * Reads the lines; `undefined` when they have not changed since the last ones confirmed. `keep()` confirms that these lines are valid, so
   * that the next call asks for changes since them.
   *
   * @throws {@link CtStreamError} `CT_WATCHLIST_INVALID` for a list that is invalid or empty; errors of the file system or the server.
   */
  read(signal: AbortSignal): Promise<FreshList | undefined>
  /** The lines of bytes that were read before. Throws as `read` does. */
  linesOf(bytes: Uint8Array): readonly ListLine[]
}

export interface FreshList {
  readonly lines: readonly ListLine[]
  readonly bytes: Uint8Array
  /** Whether it did not change while it was read. */
  readonly isWhole: boolean
  keep(): void
}

/** Parses the text of a list: `readList` or `readBrands`. */
export type TakeList = typeof readList

/**
 * @param transport - Called for a list at a URL.
 * @param take - Parses the text.
 */
export function listSource(from: string, transport: () => Promise<Transport>, take: TakeList): ListSource {
  return isUrl(from) ? new UrlList(from, transport, take) : new FileList(from, take)
}

/** Whether a list is at a URL rather than in a file. */
export function isUrl(from: string): boolean {
  return /^https?:/i.test(from)
}

class FileList implements ListSource {
  readonly name: string
  private readonly take: TakeList
  private kept: string | undefined
  private seen: string | undefined

  constructor(path: string, take: TakeList) {
    this.name = path
    this.take = take
  }

  async isStill(now: number): Promise<boolean> {
    // Reading it says what is wrong with it.
    const found = await versionOf(this.name).catch(() => undefined)
    if (found === undefined) return true
    const { version, mtimeMs } = found
    // Later the time of its change does not count: another machine's clock may have set it.
    const isStill = this.seen === undefined ? Math.abs(now - mtimeMs) >= STILL_MS : this.seen === version
    this.seen = version
    return isStill
  }

  async read(signal: AbortSignal): Promise<FreshList | undefined> {
    // Before reading, so that a change made meanwhile is noticed next time.
    const { version } = await versionOf(this.name)
    if (version === this.kept) return undefined
    const bytes = await readFileUpTo(this.name, MAX_BYTES, signal)
    const after = await versionOf(this.name)
    const keep = () => {
      this.kept = version
    }
    return { lines: this.linesOf(bytes), bytes, isWhole: after.version === version, keep }
  }

  linesOf(bytes: Uint8Array): readonly ListLine[] {
    return linesOf(this.name, bytes, this.take)
  }
}

class UrlList implements ListSource {
  readonly name: string
  private readonly url: string
  private readonly transport: () => Promise<Transport>
  private readonly take: TakeList
  private condition: Record<string, string> = {}
  private isKept = false

  constructor(url: string, transport: () => Promise<Transport>, take: TakeList) {
    const { origin, pathname } = new URL(url)
    this.name = origin + pathname
    this.url = url
    this.transport = transport
    this.take = take
  }

  /** A server says how long its answer is. */
  async isStill(): Promise<boolean> {
    return true
  }

  async read(signal: AbortSignal): Promise<FreshList | undefined> {
    const transport = await this.transport()
    const { status, headers, body } = await transport.get(this.url, {
      headers: this.condition,
      // Before there is a list, 304 is a wrong answer: it would be an empty one.
      statuses: this.isKept ? [200, 304] : [200],
      maxBytes: MAX_BYTES,
      signal,
    })
    if (status === 304) return undefined
    const condition: Record<string, string> = {}
    if (headers.etag !== undefined) condition['if-none-match'] = headers.etag
    if (headers['last-modified'] !== undefined) condition['if-modified-since'] = headers['last-modified']
    const keep = () => {
      this.condition = condition
      this.isKept = true
    }
    return { lines: this.linesOf(body), bytes: body, isWhole: true, keep }
  }

  linesOf(bytes: Uint8Array): readonly ListLine[] {
    return linesOf(this.name, bytes, this.take)
  }
}

async function versionOf(path: string): Promise<{ readonly version: string; readonly mtimeMs: number }> {
  const { ino, size, mtimeMs } = await stat(path)
  return { version: `${ino} ${size} ${mtimeMs}`, mtimeMs }
}

/** Refuses an empty list: it is a file being written or a wrong answer, as nobody means to watch nothing. */
function linesOf(name: string, bytes: Uint8Array, take: TakeList): readonly ListLine[] {
  const lines = take(new TextDecoder().decode(bytes), { file: name })
  if (lines.length === 0) throw new CtStreamError('CT_WATCHLIST_INVALID', `${name}: holds no entry`)
  return lines
}
