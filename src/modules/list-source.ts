import { stat } from 'node:fs/promises'
import { CtStreamError } from '../errors.js'
import type { Transport } from '../http/transport.js'
import { readFileUpTo } from '../loglist/read-file.js'
import type { ListLine, readList } from '../watchlist/list-line.js'

/** A million lines of 64 characters. */
const MAX_BYTES = 64 * 1024 * 1024

/** A list of entries that lies in a file or at a URL. */
export interface ListSource {
  /** For messages: the path, or the URL without what may be secret in it. */
  readonly name: string
  /**
   * Its lines if they may be others than those that were kept, else `undefined`; `keep()` says that they were good, so that the next call
   * asks for changes since.
   *
   * @throws {@link CtStreamError} `CT_WATCHLIST_INVALID` for what is no list or holds no entry; what the file or the server says.
   */
  read(signal: AbortSignal): Promise<FreshList | undefined>
}

export interface FreshList {
  readonly lines: readonly ListLine[]
  keep(): void
}

/** As `readList` does, or `readBrands`. */
export type TakeList = typeof readList

/**
 * @param transport - Asked for when there is a URL.
 * @param take - Takes its text apart.
 */
export function listSource(from: string, transport: () => Promise<Transport>, take: TakeList): ListSource {
  return isUrl(from) ? new UrlList(from, transport, take) : new FileList(from, take)
}

/** Whether a list is named by URL, and not by path. */
export function isUrl(from: string): boolean {
  return /^https?:/i.test(from)
}

class FileList implements ListSource {
  readonly name: string
  private readonly take: TakeList
  private kept: string | undefined

  constructor(path: string, take: TakeList) {
    this.name = path
    this.take = take
  }

  async read(signal: AbortSignal): Promise<FreshList | undefined> {
    const { ino, size, mtimeMs } = await stat(this.name)
    // Looked at before it is read: what is written meanwhile is read the next time.
    const version = `${ino} ${size} ${mtimeMs}`
    if (version === this.kept) return undefined
    const lines = linesOf(this.name, await readFileUpTo(this.name, MAX_BYTES, signal), this.take)
    return { lines, keep: () => (this.kept = version) }
  }
}

class UrlList implements ListSource {
  readonly name: string
  private readonly url: string
  private readonly transport: () => Promise<Transport>
  private readonly take: TakeList
  private condition: Record<string, string> = {}

  constructor(url: string, transport: () => Promise<Transport>, take: TakeList) {
    const { origin, pathname } = new URL(url)
    this.name = origin + pathname
    this.url = url
    this.transport = transport
    this.take = take
  }

  async read(signal: AbortSignal): Promise<FreshList | undefined> {
    const transport = await this.transport()
    const { status, headers, body } = await transport.get(this.url, {
      headers: this.condition,
      statuses: [200, 304],
      maxBytes: MAX_BYTES,
      signal,
    })
    if (status === 304) return undefined
    const condition: Record<string, string> = {}
    if (headers.etag !== undefined) condition['if-none-match'] = headers.etag
    if (headers['last-modified'] !== undefined) condition['if-modified-since'] = headers['last-modified']
    return { lines: linesOf(this.name, body, this.take), keep: () => (this.condition = condition) }
  }
}

/** A list without an entry is a file that is being written, or an answer that went wrong: to watch nothing is not what was meant. */
function linesOf(name: string, bytes: Uint8Array, take: TakeList): readonly ListLine[] {
  const lines = take(new TextDecoder().decode(bytes), { file: name })
  if (lines.length === 0) throw new CtStreamError('CT_WATCHLIST_INVALID', `${name}: holds no entry`)
  return lines
}
