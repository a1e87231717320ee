import type { Collection, Db, MongoClient } from 'mongodb'
import { CtStreamError } from '../errors.js'
import type { Clock } from '../types/clock.js'
import { withDeadline } from '../util/deadline.js'
import { importPeer } from '../util/import-peer.js'
import type { MongoAddress } from './address.js'
import { mongoError } from './errors.js'

const CONNECT_TIMEOUT_MS = 10_000
const STEP_TIMEOUT_MS = 30_000

/** A document of ours: its key is text. */
export interface Keyed {
  readonly _id: string
}

/** A client that resends nothing: after any error, open another. */
export class MongoConnection {
  private readonly client: MongoClient
  private readonly database: Db
  private readonly address: MongoAddress
  private readonly clock: Clock
  private isGone = false
  /** Bytes of BSON that `document` would be. */
  readonly sizeOf: (document: object) => number

  private constructor(client: MongoClient, sizeOf: (document: object) => number, address: MongoAddress, clock: Clock) {
    this.client = client
    this.database = client.db(address.database)
    this.sizeOf = sizeOf
    this.address = address
    this.clock = clock
  }

  /** @throws {@link CtStreamError} `CT_SINK_FAILED`, `CT_PEER_MISSING`, `CT_OPTION_INVALID` for an option that the client does not take. */
  static async open(address: MongoAddress, clock: Clock): Promise<MongoConnection> {
    const { MongoClient, BSON } = await importPeer('MongoDB', () => import('mongodb'), 'mongodb')
    let client: MongoClient
    try {
      client = new MongoClient(address.url, {
        appName: 'ct-stream',
        ignoreUndefined: true,
        maxPoolSize: 1,
        retryReads: false,
        retryWrites: false,
        connectTimeoutMS: CONNECT_TIMEOUT_MS,
        ...(!/[?&]serverSelectionTimeoutMS=/i.test(address.url) && { serverSelectionTimeoutMS: CONNECT_TIMEOUT_MS }),
        writeConcern: { w: 'majority', journal: true },
      })
    } catch (error) {
      throw mongoError(error, 'connect', address)
    }
    const sizeOf = (document: object) => BSON.calculateObjectSize(document, { ignoreUndefined: true })
    const connection = new MongoConnection(client, sizeOf, address, clock)
    try {
      await connection.step('connect', () => client.connect())
      await connection.step('connect', () => connection.database.command({ ping: 1 }))
      return connection
    } catch (error) {
      await connection.close()
      throw error
    }
  }

  get isOpen(): boolean {
    return !this.isGone
  }

  /** A collection of ours: `<prefix>_<name>`. */
  collection<T extends Keyed>(name: string): Collection<T> {
    return this.database.collection<T>(this.nameOf(name))
  }

  /**
   * Refuses a collection that would forget what it acknowledged, or takes no documents of ours.
   *
   * @throws {@link CtStreamError} `CT_SINK_FAILED`, naming the setting.
   */
  async check(name: string): Promise<void> {
    const full = this.nameOf(name)
    const found = await this.step('list the collections', () => this.database.listCollections({ name: full }).toArray())
    const { type = 'collection', options } = (found[0] ?? {}) as { type?: string; options?: { capped?: boolean } }
    const fail = (why: string) =>
      new CtStreamError(
        'CT_SINK_FAILED',
        `the collection ${full} at ${this.address.shown} ${why}, or use another prefix in the URL`,
      )
    if (options?.capped === true) throw fail('is capped, and drops entries when it is full: make it without capped')
    if (type !== 'collection') throw fail(`is a ${type}: remove it`)
  }

  /**
   * Does one thing, within its time.
   *
   * @param doing - For messages, such as `write entries`.
   * @throws {@link CtStreamError} as {@link mongoError}; bulk errors, which the caller looks into, as they are.
   */
  async step<T>(doing: string, work: () => Promise<T>): Promise<T> {
    try {
      return await withDeadline(work(), this.clock, STEP_TIMEOUT_MS, () => {
        void this.close()
        return new CtStreamError(
          'CT_SINK_FAILED',
          `could not ${doing} at ${this.address.shown}: no answer for ${STEP_TIMEOUT_MS / 1000} s; has a majority of its servers failed?`,
          { retryable: true },
        )
      })
    } catch (error) {
      throw isBulkError(error) ? error : mongoError(error, doing, this.address)
    }
  }

  /** Idempotent. */
  async close(): Promise<void> {
    this.isGone = true
    await this.client.close().catch(() => {})
  }

  private nameOf(name: string): string {
    return `${this.address.prefix}_${name}`
  }
}

/** What the client throws when some documents were not written. */
export interface BulkError {
  readonly writeErrors: WriteError | readonly WriteError[]
  readonly result?: { getWriteConcernError?(): { readonly code?: number; readonly errmsg?: string } | undefined }
}

/** Why a document was not written. */
export interface WriteError {
  /** Its place among those that were to be written. */
  readonly index: number
  readonly code: number
  readonly errmsg?: string
}

/** Whether documents were refused one by one. Otherwise the client wraps what failed as a whole in the same class. */
export function isBulkError(error: unknown): error is BulkError {
  const { name, writeErrors } = (error ?? {}) as { name?: string; writeErrors?: unknown }
  return name === 'MongoBulkWriteError' && writeErrors !== undefined && [writeErrors].flat().length > 0
}
