import type { KafkaAddress } from '../../kafka/address.js'
import type { KafkaClient } from '../../kafka/client.js'
import type { EntriesReader } from '../../kafka/entries-reader.js'
import type { KafkaIssuers } from '../../kafka/issuers.js'
import type { CheckedSettings } from '../source-settings.js'

export interface KafkaEngineSettings extends CheckedSettings {
  readonly address: KafkaAddress
}

/** One of the topics that processors read, and what belongs to it. */
export interface LaneNames {
  /** The topic of the entries; that of the watermarks has as many partitions. */
  readonly topic: string
  readonly marks: string
  /** The consumer group that shares the partitions. */
  readonly group: string
  /** By which a partition of it is known among those of all topics: what is set aside says whose processor replays it. */
  readonly numberOf: (partition: number) => number
}

/** What the parts of an opened engine share that reads one topic. */
export interface KafkaContext extends LaneNames {
  readonly settings: KafkaEngineSettings
  readonly kafka: KafkaClient
  readonly reader: EntriesReader
  /** For what must not wait behind a fetch that waits for entries to come. */
  readonly looking: EntriesReader
  readonly partitions: number
  /** One for all topics. */
  readonly issuers: KafkaIssuers
  /** Aborts when the engine is closed. */
  readonly closing: AbortSignal
  /** Retries what may pass until the engine is closed. */
  patient<T>(work: () => Promise<T>): Promise<T>
}
