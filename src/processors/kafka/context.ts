import type { KafkaAddress } from '../../kafka/address.js'
import type { KafkaClient } from '../../kafka/client.js'
import type { EntriesReader } from '../../kafka/entries-reader.js'
import type { CheckedSettings } from '../source-settings.js'

export interface KafkaEngineSettings extends CheckedSettings {
  readonly address: KafkaAddress
}

/** What the parts of an opened engine share. */
export interface KafkaContext {
  readonly settings: KafkaEngineSettings
  readonly kafka: KafkaClient
  readonly reader: EntriesReader
  /** For what must not wait behind a fetch that waits for entries to come. */
  readonly looking: EntriesReader
  /** The topic of the entries, and that of the watermarks: as many partitions. */
  readonly topic: string
  readonly marksTopic: string
  readonly partitions: number
  /** Aborts when the engine is closed. */
  readonly closing: AbortSignal
  /** Retries what may pass until the engine is closed. */
  patient<T>(work: () => Promise<T>): Promise<T>
}
