import { LogDirectory } from '../../kafka/log-directory.js'
import type { ParkedMessage } from '../../kafka/parked-topic.js'
import { type MessageEntry, readEntry, readParkedMessage } from '../queued-message.js'
import { WrittenCheck } from '../written.js'
import type { KafkaContext } from './context.js'
import type { EntryFinder, EntryPlace, FoundEntry, PlaceEnd } from './finder.js'

/** How long to wait between looks at what a transaction of a moment ago has not shown yet. Milliseconds. */
const SOON_MS = 50
/** Looks for the description of a log that is new, before its messages are set aside. */
const LOOKS = 20

/** Reads messages of the entries' topic; looks for the logs of which they are. */
export class KafkaLogFinder implements EntryFinder {
  private readonly context: KafkaContext
  private readonly logs = new LogDirectory()
  /** Logs that were looked for, and not found, a moment ago. */
  private readonly unknown = new Set<string>()
  private readonly written: WrittenCheck
  /** A look at how far logs were written, since more was fetched. */
  private looked: Promise<void> | undefined

  constructor(context: KafkaContext) {
    const { looking, patient, settings, closing } = context
    this.context = context
    this.written = new WrittenCheck(
      (logId) => this.logs.written(logId),
      (logId) => patient(() => looking.readLog(this.logs, logId)),
      settings.clock,
      closing,
    )
  }

  endOf({ log }: EntryPlace): number | undefined {
    return this.logs.endOf(log.id)
  }

  /** @throws as `EntriesReader.readLogs`. */
  async look(): Promise<void> {
    await this.context.looking.readLogs(this.logs)
    this.unknown.clear()
  }

  fetched(): void {
    this.looked = undefined
    this.written.fetched()
  }

  /** A message at an index, or of an epoch, that no collector has written is of nobody's log. */
  async read(message: ParkedMessage, key?: Buffer | null): Promise<FoundEntry> {
    const found = await this.written.check(
      await this.readKnown(message, key === undefined ? readParkedMessage : readEntry),
    )
    if (!('entry' in found)) return found
    const { logId, index, entry } = found
    const log = this.logs.get(logId)
    return log === undefined ? { logId, index, reason: 'its log is unknown' } : { place: { log }, index, entry }
  }

  async endSoFar({ log }: EntryPlace): Promise<PlaceEnd | undefined> {
    const { looking, patient } = this.context
    this.looked ??= patient(() => looking.readLogs(this.logs))
    await this.looked
    const entries = this.logs.entriesOf(log.id)
    return entries && { end: entries.written, written: entries.written }
  }

  async saysFollows({ log }: EntryPlace, index: number): Promise<boolean> {
    const { looking, patient } = this.context
    const says = () => index >= (this.logs.entriesOf(log.id)?.from ?? Number.POSITIVE_INFINITY)
    if (!says()) return false
    // A collector of an earlier version may have taken over meanwhile.
    await patient(() => looking.readLog(this.logs, log.id))
    return says()
  }

  async close(): Promise<void> {}

  private readonly issuerOf = (fingerprint: Uint8Array) => this.context.issuers.get(fingerprint)

  private async readKnown(message: ParkedMessage, readAs: typeof readEntry): Promise<MessageEntry> {
    const { settings, looking, closing, patient } = this.context
    const read = () => readAs('Kafka', message, (logId) => this.logs.get(logId), this.issuerOf)
    const found = read()
    if ('entry' in found || found.logId === undefined || this.unknown.has(found.logId)) return found
    // A log that is new: the topic of its positions may show it a moment later than its entries are there.
    for (let look = 0; look < LOOKS && this.logs.get(found.logId) === undefined; look++) {
      if (look > 0) await settings.clock.sleep(SOON_MS, closing).catch(() => {})
      await patient(() => looking.readLogs(this.logs))
    }
    if (this.logs.get(found.logId) === undefined) this.unknown.add(found.logId)
    return read()
  }
}
