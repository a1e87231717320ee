import type { CtCertificate } from './certificate.js'
import type { CheckpointStore } from './checkpoint.js'
import type { LogInfo } from './log.js'

/**
 * What loss and repetition a sink rules out.
 *
 * - `exactly-once`: an entry and the position behind it become visible together, or neither does; or the position follows the entry, and what is
 *   written again has no effect
 * - `at-least-once`: what was written since the last stored position is written again after a failure
 */
export type SinkGuarantee = 'exactly-once' | 'at-least-once'

/** Leave to work on one unit (a shard of logs, a range of one log) until it runs out, or somebody else gets it. */
export interface Lease {
  /** Name of the unit: 1 to 255 characters. */
  readonly unit: string
  /** Grows by at least 1 with every owner; the engine refuses writes of an earlier one. Safe integer, from 1. */
  readonly epoch: number
  /** Epoch milliseconds, by this machine's clock, when it ends unless it is renewed: counted from before it was asked for. */
  readonly until: number
}

/**
 * Where pages of entries are written: one engine, such as Postgres or Kafka.
 *
 * One connection for each, in order, nothing resent: after any error it is closed, opened again and asked where it is. `pump()` does so.
 */
export interface Sink {
  /** How often an entry can be in the engine after a crash. */
  readonly guarantee: SinkGuarantee
  /**
   * Only of sinks that keep positions: the `checkpoint` of the stream, with `commit: 'manual'`. Good between {@link Sink.open} and
   * {@link Sink.close}. Its `commit(rows)` makes what was written up to the positions of these rows visible together with them; what was
   * written beyond stays staged.
   * Closing it (as a stream does when it ends) leaves the sink open.
   */
  readonly store?: CheckpointStore
  /**
   * Connects, and shuts out every earlier owner.
   *
   * @param lease - What it writes for. `undefined`: this process is alone, and the engine is held against a second one.
   * @returns Index of the first entry the engine does not have, by base64 log id: earlier ones need not be written. `undefined` when it does not
   * say so by itself: then the positions of the stream's checkpoint count, be it {@link Sink.store} or another. Who returns indexes gives a stream
   * with `end: { time }` a checkpoint that is `ordered`: what a run leaves out below them is never written. A log whose index is below its position
   * in the checkpoint is read again from that index, as after a return to an earlier state (with a `filter`, or `dedupe`, only where the pump itself has
   * written more since it began).
   * @throws `CT_LEASE_LOST` when the lease is another's by now, `CT_SINK_FAILED` when the engine cannot be reached or used,
   * `CT_CHECKPOINT_CONFLICT` when another process writes there and there is no lease, `CT_CHECKPOINT_VERSION` when a newer version made
   * its schema.
   */
  open(lease: Lease | undefined): Promise<ReadonlyMap<string, number> | undefined>
  /**
   * Writes entries of one log, in order of their index; never two calls at once. Durable when it resolves, but where there is a
   * {@link Sink.store}: there with its commit.
   *
   * After an error it is closed and opened again, whatever the page: nothing is resent on the same connection.
   *
   * @throws `CT_LEASE_LOST`; `CT_SINK_ROLLED_BACK` when the engine has less than it acknowledged; `CT_SINK_FAILED`.
   */
  write(page: readonly CtCertificate[]): Promise<void>
  /** Releases everything; what is staged and not committed is dropped. Idempotent. */
  close(): Promise<void>
}

/** Who works on what, where several processes share the work. Only the clock of the engine counts. */
export interface Coordinator {
  /**
   * Makes this process known.
   *
   * @param member - A name that no other process has: 1 to 255 characters.
   */
  join(member: string): Promise<void>
  /** Puts a log into a shard, once: the shard it was first put into wins, and is returned. */
  assign(log: LogInfo, shard: string): Promise<string>
  /**
   * Takes units that nobody holds, `want` of them at most, each with an epoch above the last one.
   *
   * @param except - Units left to others for now, as they failed here. Default: none.
   */
  claim(want: number, except?: ReadonlySet<string>): Promise<readonly Lease[]>
  /**
   * Says that this member lives, and renews its leases.
   */
  renew(leases: readonly Lease[]): Promise<Renewal>
  /** Gives a unit back, so that another member need not wait until the lease ends. Without effect when it was lost already. */
  release(lease: Lease): Promise<void>
  /**
   * This member claims no more units: the share of the others counts it no longer, while it renews what it holds. Idempotent. Where it is missing,
   * such a member gives away what it holds.
   */
  retire?(): Promise<void>
  /** The positions of a unit: its `commit()` throws `CT_LEASE_LOST` when the epoch has moved. */
  store(lease: Lease): CheckpointStore
  /** Resolves when a unit may have become free, at the latest after `ms` milliseconds or when `signal` aborts. */
  wait(ms: number, signal: AbortSignal): Promise<void>
  /** Leaves and disconnects; what is still held becomes free when its lease ends. Idempotent. */
  close(): Promise<void>
}

/** What a member learns each time it renews its leases. */
export interface Renewal {
  /** Those that are still ours, with their new end; whoever misses one stops its work at once. */
  readonly held: readonly Lease[]
  /** How many members hold units, by operator. */
  readonly holders: ReadonlyMap<string, number>
  /** How many units each member should hold, so that all have work: units by members, rounded up. */
  readonly share: number
}

/** A log of a shard, as the engine knows it. */
export interface ShardLog {
  /** Base64 of SHA-256 over its key, 44 characters. */
  readonly id: string
  /** As its list has it. */
  readonly description: string
  /** Who runs it. */
  readonly operator: string
  /** Where it is asked. */
  readonly url: string
  /** Index of the first entry that the engine does not have; `undefined`: it was not begun. */
  readonly position: number | undefined
  /** Entries of the newest head that agreed with all before it, as of the last position. */
  readonly verifiedSize: number | undefined
}

/** A unit of work and who has it. */
export interface ShardState {
  /** 1 to 255 characters. */
  readonly name: string
  /** Of its last owner; 0: nobody has had it. */
  readonly epoch: number
  /** Whose lease has not run out, by the engine's clock; `undefined`: nobody's. */
  readonly owner: string | undefined
  /** When the lease of the owner ends, by the engine's clock. */
  readonly until: Date | undefined
  /** In the order of their ids. */
  readonly logs: readonly ShardLog[]
}

/** A process that takes part. */
export interface MemberState {
  /** 1 to 255 characters. */
  readonly name: string
  /** Milliseconds since it was heard of, by the engine's clock. */
  readonly silentMs: number
  /** Units it has, of those whose lease has not run out. */
  readonly shards: number
}
