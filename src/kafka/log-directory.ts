import { checkpointFromJSON } from '../checkpoint/checkpoint-json.js'
import type { LogInfo } from '../types/log.js'
import type { KafkaAddress } from './address.js'
import { clientOptions, type KafkaClient, type KafkaConsumer } from './client.js'
import { committedRecords } from './committed-records.js'

/** The logs of a prefix, as whoever writes their entries describes them: in the topics of positions. */
export class LogDirectory {
  private logs = new Map<string, LogInfo>()

  get(logId: string): LogInfo | undefined {
    return this.logs.get(logId)
  }

  /** Reads them again. @throws what the client throws. */
  async read(kafka: KafkaClient, address: KafkaAddress, consumer: KafkaConsumer): Promise<void> {
    for (const topic of await topicsOf(kafka, address)) {
      if (!topic.startsWith(`${address.prefix}.positions.`)) continue
      for await (const { key, value } of committedRecords(consumer, topic)) this.take(String(key), value)
    }
  }

  private take(key: string, value: Buffer | null): void {
    if (!key.startsWith('log:') || value === null) return
    try {
      const { log } = checkpointFromJSON(JSON.parse(value.toString('utf8')))
      this.logs.set(log.id, log)
    } catch {
      // Whoever writes there says so, more loudly.
    }
  }
}

async function topicsOf(kafka: KafkaClient, address: KafkaAddress): Promise<readonly string[]> {
  const admin = new kafka.Admin(clientOptions(address, 30_000))
  try {
    return await admin.listTopics({ includeInternals: false })
  } finally {
    void admin.close().catch(() => {})
  }
}
