import { CtStreamError } from '../errors.js'
import type { CheckpointStore, StoredList } from '../types/checkpoint.js'
import { messageOf } from '../util/message-of.js'
import { checkBelievable, checkNotEmpty, type GoodCopy } from './belief.js'
import { type FetchListContext, fetchSignedList } from './fetch-list.js'
import { isLoopbackHost } from './hosts.js'
import type { AddressRule } from './list-entry.js'
import type { ListOrigin } from './list-input.js'
import { invalid, type ParsedList, parseList, parseListBytes } from './schema.js'
import { signatureUrl } from './signature.js'

/** The part of a {@link CheckpointStore} that keeps lists. */
export type ListStore = Pick<CheckpointStore, 'list' | 'putList'>

export interface ListCopyContext extends FetchListContext {
  /** Reads a list file. May reject with anything. */
  readonly readFile: (path: string, signal: AbortSignal | undefined) => Promise<Uint8Array>
  readonly allowHttp: boolean
}

/** The newest believed copy of one list, and how to renew it. */
export class ListCopy {
  readonly origin: ListOrigin
  private readonly context: ListCopyContext
  private readonly rule: AddressRule
  private readonly isSigned: boolean
  private good: GoodCopy | undefined
  private stored: StoredList | undefined
  private unsaved = false

  constructor(origin: ListOrigin, context: ListCopyContext) {
    this.origin = origin
    this.context = context
    const remote = origin.kind === 'url' && !isLoopbackHost(new URL(origin.url).hostname)
    this.rule = { remote, allowHttp: context.allowHttp }
    this.isSigned = origin.kind === 'url' && signatureUrl(origin.url) !== undefined
  }

  /** `undefined` until one was read. */
  get list(): ParsedList | undefined {
    return this.good?.list
  }

  /** Epoch milliseconds when it was last known to be current. */
  get confirmedAt(): number | undefined {
    return this.good?.confirmedAt
  }

  /**
   * Takes up the copy an earlier run left in the store.
   * @throws {@link CtStreamError} `CT_LIST_INVALID` when that is no list; it is then fetched as if there were none.
   */
  async restore(store: ListStore): Promise<void> {
    if (this.origin.kind !== 'url') return
    const stored = await store.list(this.origin.url)
    if (stored === undefined) return
    const list = this.parse(stored.body)
    checkNotEmpty(list)
    this.good = { list, confirmedAt: stored.fetchedAt, isSigned: this.isSigned }
    this.stored = stored
  }

  /** Looks for a newer one. When this throws, the copy at hand is the one it was. */
  async renew(signal: AbortSignal | undefined): Promise<void> {
    const { origin, context } = this
    if (origin.kind === 'json') return this.take(parseList(origin.json, { ...this.rule, name: origin.name }))
    if (origin.kind === 'file') return this.take(this.parse(await this.readFile(origin.path, signal)))

    const condition = { etag: this.stored?.etag, lastModified: this.stored?.lastModified }
    const answer = await fetchSignedList(origin.name, origin.url, condition, context, signal)
    const now = context.clock.now()
    if (answer.status === 'modified') {
      const list = this.parse(answer.body)
      checkBelievable(list, this.good, now)
      this.good = { list, confirmedAt: now, isSigned: this.isSigned }
      const { body, etag, lastModified } = answer
      this.stored = { url: origin.url, body, etag, lastModified, fetchedAt: now }
    } else if (this.good !== undefined && this.stored !== undefined) {
      this.good = { ...this.good, confirmedAt: now }
      this.stored = { ...this.stored, fetchedAt: now }
    }
    this.unsaved = true
  }

  /** Leaves the copy to later runs, if it is another one or was confirmed. */
  async save(store: ListStore): Promise<void> {
    if (!this.unsaved || this.stored === undefined) return
    await store.putList(this.stored)
    this.unsaved = false
  }

  private take(list: ParsedList): void {
    checkNotEmpty(list)
    this.good = { list, confirmedAt: this.context.clock.now() }
  }

  private parse(body: Uint8Array): ParsedList {
    return parseListBytes(body, { ...this.rule, name: this.origin.name })
  }

  private async readFile(path: string, signal: AbortSignal | undefined): Promise<Uint8Array> {
    try {
      return await this.context.readFile(path, signal)
    } catch (cause) {
      if (signal?.aborted) throw signal.reason
      if (CtStreamError.is(cause)) throw cause
      throw invalid(this.origin.name, `cannot be read: ${messageOf(cause)}`, cause)
    }
  }
}
