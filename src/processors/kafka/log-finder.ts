import { LogDirectory } from '../../kafka/log-directory.js'
import type { ParkedMessage } from '../../kafka/parked-topic.js'
import type { LogInfo } from '../../types/log.js'
import { type MessageEntry, readEntry } from '../queued-message.js'
import type { KafkaContext } from './context.js'

/** How long to wait between looks at what a transaction of a moment ago has not shown yet. Milliseconds. */
const SOON_MS = 50
/** Looks for the description of a log that is new, before its messages are set aside. */
const LOOKS = 20

/** Reads messages; looks for the logs of which they are. */
export class KafkaLogFinder {
  private readonly context: KafkaContext
  private readonly logs = new LogDirectory()
  /** Logs that were looked for, and not found, a moment ago. */
  private readonly unknown = new Set<string>()

  constructor(context: KafkaContext) {
    this.context = context
  }

  get(logId: string): LogInfo | undefined {
    return this.logs.get(logId)
  }

  /** As `LogDirectory.endOf`. */
  endOf(logId: string): number | undefined {
    return this.logs.endOf(logId)
  }

  /** Sees which logs there are now, and how far they have been written. @throws as `EntriesReader.readLogs`. */
  async look(): Promise<void> {
    await this.context.looking.readLogs(this.logs)
    this.unknown.clear()
  }

  /** A message that cannot be read, at an index that no collector has written, is of nobody's log. */
  async read(message: ParkedMessage): Promise<MessageEntry> {
    const found = await this.readKnown(message)
    if (!('entry' in found) || found.entry.kind !== 'refused') return found
    const { logId, index, entry } = found
    // Otherwise one such message would have all entries up to its index count as read.
    if (await this.isWritten(logId, index)) return found
    return { logId, index, reason: entry.reason }
  }

  /** Whether a collector has come so far: its position is committed together with the entry. */
  private async isWritten(logId: string, index: number): Promise<boolean> {
    const isBelow = () => index < (this.logs.endOf(logId) ?? 0)
    if (!isBelow()) await this.context.patient(() => this.context.looking.readLogs(this.logs))
    return isBelow()
  }

  private async readKnown(message: ParkedMessage): Promise<MessageEntry> {
    const { settings, looking, closing, patient } = this.context
    const read = () => readEntry('Kafka', message, (logId) => this.logs.get(logId))
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
