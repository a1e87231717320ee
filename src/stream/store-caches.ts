import { isUint8Array } from 'node:util/types'
import type { CheckpointStore, LogCondition, StoredList } from '../types/checkpoint.js'
import type { Logger } from '../types/clock.js'
import { sha256Hex } from '../util/hash.js'
import { messageOf } from '../util/message-of.js'
import type { StoreQueue } from './store-queue.js'

type Caches = Pick<CheckpointStore, 'issuer' | 'putIssuer' | 'list' | 'putList' | 'putConditions'>

/**
 * The dispensable parts of the store: issuers and log lists, which save requests, and the status of the logs, which other processes read. No
 * failure in them ends a stream: what cannot be read, or is damaged, is fetched again; what cannot be written is skipped. Each failure
 * is logged once.
 */
export class StoreCaches {
  /** Whether the store keeps the status of logs. */
  readonly keepsConditions: boolean
  private readonly store: Caches
  private readonly queue: StoreQueue
  private readonly logger: Logger
  /** Names of the operations that currently fail. */
  private readonly failing = new Set<string>()

  constructor(store: Caches, queue: StoreQueue, logger: Logger) {
    this.store = store
    this.keepsConditions = store.putConditions !== undefined
    this.queue = queue
    this.logger = logger
  }

  /** The issuer with this SHA-256, in lower-case hexadecimal. */
  async issuer(fingerprint: string): Promise<Uint8Array | undefined> {
    const der = await this.unlessItFails('read an issuer', () => this.store.issuer(fingerprint))
    return isUint8Array(der) && sha256Hex(der) === fingerprint ? der : undefined
  }

  async putIssuer(fingerprint: string, der: Uint8Array): Promise<void> {
    await this.unlessItFails('keep an issuer', () => this.store.putIssuer(fingerprint, der))
  }

  async list(url: string): Promise<StoredList | undefined> {
    const list: unknown = await this.unlessItFails('read a log list', () => this.store.list(url))
    return isStoredList(list, url) ? list : undefined
  }

  async putList(list: StoredList): Promise<void> {
    await this.unlessItFails('keep a log list', () => this.store.putList(list))
  }

  async putConditions(conditions: readonly LogCondition[]): Promise<void> {
    const put = () => this.store.putConditions?.(conditions)
    await this.unlessItFails('keep the state of the logs', put, '`ct-stream status` does not show it')
  }

  private async unlessItFails<T>(
    doing: string,
    call: () => T | Promise<T>,
    so = 'it is fetched anew',
  ): Promise<T | undefined> {
    try {
      const result = await this.queue.exclusively(call)
      this.failing.delete(doing)
      return result
    } catch (error) {
      if (!this.failing.has(doing))
        this.logger.warn(`the checkpoint store failed to ${doing}; ${so}: ${messageOf(error)}`)
      this.failing.add(doing)
      return undefined
    }
  }
}

function isStoredList(value: unknown, url: string): value is StoredList {
  if (typeof value !== 'object' || value === null) return false
  const list = value as Partial<Record<keyof StoredList, unknown>>
  const isText = (field: unknown) => field === undefined || typeof field === 'string'
  return (
    list.url === url &&
    isUint8Array(list.body) &&
    isText(list.etag) &&
    isText(list.lastModified) &&
    Number.isFinite(list.fetchedAt)
  )
}
