import type { MarkedRange } from '../../kafka/group-marks.js'
import type { ParkedMessage } from '../../kafka/parked-topic.js'
import type { LogInfo } from '../../types/log.js'
import type { QueuedEntry } from '../engine.js'
import type { MessageEntry } from '../queued-message.js'

/** What entries are in order within: a log, or a range of it that was backfilled. */
export interface EntryPlace {
  readonly log: LogInfo
  readonly range?: MarkedRange | undefined
}

/** What a message is: an entry that a collector has written, or something that is set aside. */
export type FoundEntry =
  | { readonly place: EntryPlace; readonly index: number; readonly entry: QueuedEntry }
  | Extract<MessageEntry, { readonly reason: string }>

/** Where a place ends; indexes, exclusive. */
export interface PlaceEnd {
  readonly end: number
  /** Of its last entry: what is behind it was left out by a filter. */
  readonly written: number
}

/** Reads the messages of one topic. */
export interface EntryFinder {
  /** @param key - Of its record; `undefined` for what was set aside, and is replayed. */
  read(message: ParkedMessage, key?: Buffer | null): Promise<FoundEntry>
  /** How far a place was written as of the last look, exclusive; `undefined` where that is not known. */
  endOf(place: EntryPlace): number | undefined
  /**
   * Where a place ends of which no further message may come: behind the last entry of a log by now, and the end of a range that was written to it.
   * `undefined`: that is not known, or more is to come.
   */
  endSoFar(place: EntryPlace): Promise<PlaceEnd | undefined>
  /** Whether a collector has written all entries of a place from this index on with the header that says which entry they follow. */
  saysFollows(place: EntryPlace, index: number): Promise<boolean>
  /** Sees what there is now, and how far it was written. */
  look(): Promise<void>
  /** More messages were fetched. */
  fetched(): void
  close(): Promise<void>
}
