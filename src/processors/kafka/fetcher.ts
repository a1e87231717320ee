import { CtStreamError } from '../../errors.js'
import type { FetchedPartition } from '../../kafka/committed-records.js'
import { apiIds } from '../../kafka/errors.js'
import type { KafkaContext } from './context.js'
import type { KafkaPartition } from './partition.js'
import type { KafkaShare } from './share.js'

/** Longest wait of a fetch for something to come. Milliseconds. */
const FETCH_MS = 500
/** The same where the source ends at the head. Milliseconds. */
const HEAD_FETCH_MS = 50

/** A fetch from one broker that is on its way. */
interface FetchUnderWay {
  readonly of: ReadonlyMap<number, KafkaPartition>
  readonly from: ReadonlyMap<number, bigint>
  readonly fetched: Promise<readonly FetchedPartition[]>
}

/**
 * Fetches what follows in the partitions of this processor, from each broker by itself: one that has nothing takes its time for an answer. One
 * fetch is ahead of what is worked on.
 */
export class KafkaFetcher {
  private readonly context: KafkaContext
  private readonly share: KafkaShare
  private readonly underWay = new Set<FetchUnderWay>()
  private beginning: Promise<void> | undefined

  constructor(context: KafkaContext, share: KafkaShare) {
    this.context = context
    this.share = share
  }

  /** Waits for what comes from the first broker that answers; nothing where retention was faster than this processor. */
  async next(): Promise<readonly { readonly partition: KafkaPartition; readonly fetched: FetchedPartition }[]> {
    await this.begin()
    if (this.underWay.size === 0) return []
    const answers = [...this.underWay].map((each) => each.fetched.then(() => each).catch(() => each))
    const answered = await Promise.race(answers)
    // It is begun anew behind the others, so each has its turn.
    this.underWay.delete(answered)
    const { of, from, fetched } = answered
    try {
      const found = (await fetched).flatMap((each) => {
        const partition = this.share.taken.get(each.partition)
        // Another one where it was lost, and taken again, meanwhile.
        if (partition === undefined || partition !== of.get(each.partition)) return []
        return partition.position === from.get(each.partition) ? [{ partition, fetched: each }] : []
      })
      const isOther = found.some(({ partition, fetched }) => !partition.isIn(fetched.topicId))
      if (isOther) await this.restart()
      return isOther ? [] : found
    } catch (error) {
      if (!CtStreamError.is(error) || ![...apiIds(error.cause)].includes('OFFSET_OUT_OF_RANGE')) {
        // The client is closed, so they fail as well.
        this.underWay.clear()
        throw error
      }
      await this.restart()
      return []
    }
  }

  /** Brokers work while what was fetched is worked on. */
  goAhead(): void {
    // `next()` throws its error, or begins again.
    this.begin().catch(() => {})
  }

  /** Asks for partitions that no fetch is under way for. */
  private begin(): Promise<void> {
    this.beginning ??= this.ask().finally(() => {
      this.beginning = undefined
    })
    return this.beginning
  }

  private async ask(): Promise<void> {
    const { reader, settings } = this.context
    const { taken } = this.share
    const asked = new Set([...this.underWay].flatMap(({ of }) => [...of.values()]))
    const waiting = new Map([...taken].filter(([, partition]) => !asked.has(partition)))
    if (waiting.size === 0) return
    for (const numbers of (await reader.byLeader(waiting.keys())).values()) {
      const of = new Map(numbers.map((number) => [number, waiting.get(number) as KafkaPartition]))
      const from = new Map([...of].map(([number, { position }]) => [number, position]))
      const fetched = reader.fetch(from, settings.end === 'head' ? HEAD_FETCH_MS : FETCH_MS)
      // Not unhandled: `next()` throws its error.
      fetched.catch(() => {})
      this.underWay.add({ of, from, fetched })
    }
  }

  private async restart(): Promise<void> {
    for (const partition of this.share.taken.values()) {
      const bounds = await this.context.reader.bounds(partition.number)
      const { topicId, earliest, latest } = bounds
      const isThere = partition.isIn(topicId) && partition.position >= earliest && partition.position <= latest
      if (!isThere) partition.restart(bounds)
    }
  }
}
