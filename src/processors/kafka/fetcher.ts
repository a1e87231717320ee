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

/** A fetch that is on its way. */
interface FetchAhead {
  readonly of: ReadonlyMap<number, KafkaPartition>
  readonly from: ReadonlyMap<number, bigint>
  readonly fetched: Promise<readonly FetchedPartition[]>
}

/** Fetches what follows in the partitions of this processor, one fetch ahead of what is worked on. */
export class KafkaFetcher {
  private readonly context: KafkaContext
  private readonly share: KafkaShare
  private ahead: FetchAhead | undefined

  constructor(context: KafkaContext, share: KafkaShare) {
    this.context = context
    this.share = share
  }

  /** Waits for what comes; nothing where retention was faster than this processor. */
  async next(): Promise<readonly { readonly partition: KafkaPartition; readonly fetched: FetchedPartition }[]> {
    const { of, from, fetched } = this.ahead ?? this.begin()
    this.ahead = undefined
    try {
      return (await fetched).flatMap((each) => {
        const partition = this.share.taken.get(each.partition)
        // Another one where it was lost, and taken again, meanwhile.
        if (partition === undefined || partition !== of.get(each.partition)) return []
        return partition.position === from.get(each.partition) ? [{ partition, fetched: each }] : []
      })
    } catch (error) {
      if (!CtStreamError.is(error) || ![...apiIds(error.cause)].includes('OFFSET_OUT_OF_RANGE')) throw error
      await this.restart()
      return []
    }
  }

  /** The broker works while what was fetched is worked on. */
  goAhead(): void {
    this.ahead = this.begin()
  }

  private begin(): FetchAhead {
    const { reader, settings } = this.context
    const of = new Map(this.share.taken)
    const from = new Map([...of].map(([number, { position }]) => [number, position]))
    const fetched = reader.fetch(from, settings.end === 'head' ? HEAD_FETCH_MS : FETCH_MS)
    // Not unhandled: `next()` throws its error.
    fetched.catch(() => {})
    return { of, from, fetched }
  }

  private async restart(): Promise<void> {
    for (const partition of this.share.taken.values()) {
      const { earliest, latest } = await this.context.reader.bounds(partition.number)
      if (partition.position < earliest || partition.position > latest) partition.restart(earliest)
    }
  }
}
