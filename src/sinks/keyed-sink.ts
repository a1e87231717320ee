import type { KeyedRecord, KeyedState } from '../checkpoint/keyed-records.js'
import { KeyedStore } from '../checkpoint/keyed-store.js'
import type { CtCertificate } from '../types/certificate.js'
import type { CheckpointStore, LogCheckpoint } from '../types/checkpoint.js'
import type { Lease, Sink } from '../types/cluster.js'
import { StagedPages } from './staged-pages.js'

/** What one owner has open in an engine. */
interface OpenShard {
  readonly state: KeyedState
  close(): void | Promise<void>
}

/** A sink to an engine that has positions as records by key: pages are staged until the positions behind them are committed with them. */
export abstract class KeyedSink<Shard extends OpenShard> implements Sink {
  readonly guarantee = 'exactly-once'
  /** Whether the engine, or who reads it, takes no entry of a log behind a later one. */
  protected readonly ordered: boolean = true
  /** Whether the engine appends each position, rather than to replace the one before. */
  protected readonly appended: boolean = false
  private shard: Shard | undefined
  private opened: KeyedStore | undefined
  private readonly staged = new StagedPages()

  /** Connects and shuts out every earlier owner; leaves nothing open when it fails. */
  protected abstract openShard(lease: Lease | undefined): Promise<Shard>

  /**
   * Makes positions and the entries before them visible together.
   *
   * @param covered - In order of their index in each log. The engine has some of them where a commit reported as failed took effect.
   */
  protected abstract publish(
    shard: Shard,
    rows: readonly LogCheckpoint[],
    covered: readonly CtCertificate[],
  ): Promise<void>

  /** Makes one record beside the positions durable. */
  protected abstract put(shard: Shard, record: KeyedRecord): Promise<void>

  /** Keeps an issuer that the stream has fetched for whoever reads the entries. Default: does nothing. */
  protected putIssuer(_fingerprint: string, _der: Uint8Array): void {}

  /** Writes what waited for a later commit. Not called again when it fails. Default: does nothing. */
  protected async end(_shard: Shard): Promise<void> {}

  get store(): CheckpointStore {
    if (this.opened === undefined) throw new TypeError('the sink is not open')
    return this.opened
  }

  async open(lease: Lease | undefined): Promise<undefined> {
    await this.close()
    const shard = await this.openShard(lease)
    this.shard = shard
    this.opened = new KeyedStore({
      ordered: this.ordered,
      appended: this.appended,
      get state() {
        return shard.state
      },
      commit: async (rows) => {
        const covered = this.staged.coveredBy(rows)
        await this.publish(shard, rows, covered)
        this.staged.remove(covered)
      },
      put: (record) => this.put(shard, record),
      putIssuer: (fingerprint, der) => this.putIssuer(fingerprint, der),
    })
    // `undefined`: the positions are in the store.
    return undefined
  }

  async write(page: readonly CtCertificate[]): Promise<void> {
    this.staged.add(page)
  }

  async close(): Promise<void> {
    const { shard } = this
    this.staged.clear()
    this.shard = undefined
    this.opened = undefined
    if (shard === undefined) return
    try {
      await this.end(shard)
    } catch {
      // What the engine does not have is read again.
    } finally {
      await shard.close()
    }
  }
}
