import type { NewBackfill } from '../checkpoint/backfill-ranges.js'
import type { BackfillJob } from '../types/backfill.js'
import type { Clock } from '../types/clock.js'
import type { KafkaAddress } from './address.js'
import { BEGUN, backfillJobs, begunValue, ENDED, endedValue } from './backfill-jobs.js'
import { BackfillRanges, progressOf, type RangeOfBackfill, type UnitRecord } from './backfill-ranges.js'
import { clientOptions, type KafkaClient, type KafkaConsumer } from './client.js'
import { RecordList } from './record-list.js'
import { RenewedClient } from './renewed-client.js'
import { backfillsTopic } from './topics.js'

/** The backfills of a prefix: which there are, in a list; how far each is, in the positions of its ranges. */
export class BackfillTopics {
  private readonly address: KafkaAddress
  private readonly clock: Clock
  private readonly list: RecordList
  private readonly consumer: RenewedClient<KafkaConsumer>
  private readonly hasTopic: (topic: string) => Promise<boolean>
  /** By id: those that were running when they were looked at. */
  private readonly running = new Map<string, BackfillRanges>()

  /** @param hasTopic - Whether the topic of a backfill's ranges is there; may make it. That of the list has to be there. */
  constructor(kafka: KafkaClient, address: KafkaAddress, clock: Clock, hasTopic: (topic: string) => Promise<boolean>) {
    this.address = address
    this.clock = clock
    this.hasTopic = hasTopic
    this.list = new RecordList(kafka, address, backfillsTopic(address).name, clock)
    const options = { ...clientOptions(address), groupId: `${address.prefix}.reading` }
    this.consumer = new RenewedClient(address, clock, () => new kafka.Consumer(options))
  }

  /** All of them, in the order in which they began. */
  async jobs(): Promise<readonly BackfillJob[]> {
    const jobs: BackfillJob[] = []
    for (const job of await this.listed()) {
      const isRunning = job.state === 'running'
      jobs.push(isRunning ? { ...job, ...progressOf(await this.ranges(job)) } : job)
    }
    return jobs
  }

  /** The same, without how far those are that run: `rangesDone` and `entries` are 0. */
  async listed(): Promise<readonly BackfillJob[]> {
    const records = await this.list.read('see which backfills there are')
    const jobs = backfillJobs(backfillsTopic(this.address).name, records)
    for (const { id, state } of jobs) if (state !== 'running') this.running.delete(id)
    return jobs
  }

  /** The ranges of a backfill, in order; none while their topic is not there. */
  async ranges(job: BackfillJob): Promise<readonly RangeOfBackfill[]> {
    return (await this.viewOf(job))?.read(this.consumer) ?? []
  }

  /** One range as it is at this moment. */
  async range(job: BackfillJob, unit: string): Promise<RangeOfBackfill | undefined> {
    const view = await this.viewOf(job)
    await view?.read(this.consumer)
    return view?.of(unit)
  }

  /** What is committed of one range at this moment. */
  async recordsOf(job: BackfillJob, unit: string): Promise<readonly UnitRecord[]> {
    return (await this.viewOf(job))?.recordsOf(this.consumer, unit) ?? []
  }

  private async viewOf(job: BackfillJob): Promise<BackfillRanges | undefined> {
    const known = this.running.get(job.id)
    if (known !== undefined) return known
    const view = new BackfillRanges(this.address, job)
    if (!(await this.hasTopic(view.topic))) return undefined
    // Another call may have made one meanwhile: there is one, which all use.
    const made = this.running.get(job.id) ?? view
    this.running.set(job.id, made)
    return made
  }

  /** Adds one, unless one of the same entries is running; with any end where it is open. */
  add(job: NewBackfill): Promise<void> {
    return this.list.append('begin a backfill', BEGUN, begunValue(job, this.clock.now()))
  }

  /** Ends one, unless it has ended. @param job - As it is now. */
  end(job: BackfillJob, reason: string | undefined): Promise<void> {
    return this.list.append('end a backfill', ENDED, endedValue(job, reason, this.clock.now()))
  }

  async close(): Promise<void> {
    await Promise.all([this.list.close(), this.consumer.close()])
  }
}
