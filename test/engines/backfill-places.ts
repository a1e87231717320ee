import { Consumer } from '@platformatic/kafka'
import { kafkaAddress } from '../../src/kafka/address.js'
import { backfillJobs } from '../../src/kafka/backfill-jobs.js'
import { type CommittedRecord, committedRecords } from '../../src/kafka/committed-records.js'
import { testDatabase } from './database.js'
import { headerOf, kafkaPlace } from './kafka-place.js'

/** An engine that processes share a backfill in, and how to look into it from outside. */
export interface BackfillTestPlace {
  /** For `--db`. */
  readonly url: string
  /** For `--lease`. */
  readonly lease: string
  /** How the only backfill fares. */
  job(): Promise<{ readonly state: string; readonly reason: string | null } | undefined>
  /** How many backfills there are. */
  count(): Promise<number>
  /** Indexes of a log as raw content has them, each as often as it is there, ascending. */
  indexes(logId: string): Promise<readonly number[]>
  /** Has the range from an index claim that another tree came before it. */
  tamper(start: number): Promise<void>
  remove(): Promise<void>
}

/** Hashes of a compact range that no log has signed. */
const OTHER_TREE = `["${'A'.repeat(43)}="]`

/** @param server - Default: that of these tests. */
export async function postgresBackfills(server?: string): Promise<BackfillTestPlace> {
  const db = await testDatabase(server)
  return {
    url: `${db.url}&entries=all`,
    lease: '1s',
    async job() {
      const [row] = await db.query<{ state: string; reason: string | null }>('SELECT state, reason FROM backfill')
      return row
    },
    count: async () => (await db.query('SELECT FROM backfill')).length,
    indexes: async (logId) => (await db.entries()).get(logId) ?? [],
    async tamper(start) {
      await db.query(`UPDATE backfill_range SET before = '${OTHER_TREE}' WHERE start = $1`, [start])
    },
    remove: () => db.remove(),
  }
}

/** @param server - Default: that of these tests. */
export async function kafkaBackfills(server?: string): Promise<BackfillTestPlace> {
  const place = kafkaPlace(server)
  const { prefix, client } = place
  const records = async (topic: string, partitions: number) => {
    const consumer = new Consumer<Buffer, Buffer, Buffer, Buffer>({ ...client, groupId: `${prefix}.test` })
    const found: CommittedRecord[] = []
    for (let partition = 0; partition < partitions; partition++)
      for await (const record of committedRecords(consumer, topic, partition)) found.push(record)
    await consumer.close(true)
    return found
  }
  const jobs = async () => {
    const topic = `${kafkaAddress(place.url).prefix}.backfills`
    return backfillJobs(topic, await records(topic, 1))
  }
  return {
    url: place.url,
    // Brokers take no shorter session unless they are told to.
    lease: '6s',
    async job() {
      const [job] = await jobs()
      return job && { state: job.state, reason: job.reason ?? null }
    },
    count: async () => (await jobs()).length,
    async indexes(logId) {
      const all = await records(`${prefix}.backfilled`, 3)
      const ours = all.filter((record) => headerOf(record, 'ct-log') === logId)
      return ours.map((record) => Number(headerOf(record, 'ct-index'))).sort((a, b) => a - b)
    },
    tamper: (start) => place.put(`${prefix}.backfill.1`, `backfill 1 from ${start}|before:`, OTHER_TREE),
    remove: () => place.remove(),
  }
}
