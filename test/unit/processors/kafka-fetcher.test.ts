import { describe, expect, it, vi } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import type { FetchedPartition } from '../../../src/kafka/committed-records.js'
import type { KafkaContext } from '../../../src/processors/kafka/context.js'
import { KafkaFetcher } from '../../../src/processors/kafka/fetcher.js'
import type { KafkaPartition } from '../../../src/processors/kafka/partition.js'
import type { KafkaShare } from '../../../src/processors/kafka/share.js'

const BATCHES = 10n

/** Partitions 0 and 1 are led by one broker, 2 by another, which answers when it is told to. */
function cluster() {
  const taken = new Map(
    [0, 1, 2].map((number) => [number, { number, position: 0n, isIn: (_: string) => true } as KafkaPartition]),
  )
  let answer = (_error?: Error) => {}
  const found = (from: ReadonlyMap<number, bigint>) =>
    [...from].map(([partition, at]): FetchedPartition => ({ partition, topicId: '1', batches: [], end: at + BATCHES }))
  const fetch = vi.fn(async (from: ReadonlyMap<number, bigint>) => {
    if (from.has(2))
      await new Promise<void>((resolve, reject) => {
        answer = (error) => (error === undefined ? resolve() : reject(error))
      })
    return found(from)
  })
  const byLeader = async (partitions: Iterable<number>) => {
    const asked = [...partitions]
    const led: (readonly [number, number[]])[] = [
      [1, asked.filter((each) => each < 2)],
      [2, asked.filter((each) => each === 2)],
    ]
    return new Map(led.filter(([, numbers]) => numbers.length > 0))
  }
  const context = { reader: { fetch, byLeader }, settings: { end: 'never' } } as unknown as KafkaContext
  const fetcher = new KafkaFetcher(context, { taken } as unknown as KafkaShare)
  const next = async () => {
    const all = await fetcher.next()
    for (const { partition, fetched } of all) partition.position = fetched.end
    return all.map(({ partition, fetched }) => [partition.number, fetched.end])
  }
  return { taken, fetcher, fetch, next, answer: (error?: Error) => answer(error) }
}

describe('fetches of a processor', () => {
  it('bring what one broker has while another one has nothing, and what that has when it comes', async () => {
    const { next, fetch, answer } = cluster()
    for (const end of [10n, 20n, 30n]) expect(await next()).toEqual([0, 1].map((number) => [number, end]))
    expect(fetch.mock.calls.filter(([from]) => from.has(2))).toHaveLength(1)
    answer()
    const later = [...(await next()), ...(await next())]
    expect(later).toContainEqual([2, 10n])
  })

  it('are one ahead of each broker', async () => {
    const { next, fetcher, fetch } = cluster()
    await next()
    fetcher.goAhead()
    await vi.waitFor(() => expect(fetch.mock.lastCall?.[0]).toEqual(new Map([0, 1].map((number) => [number, 10n]))))
    const count = fetch.mock.calls.length
    expect(await next()).toEqual([0, 1].map((number) => [number, 20n]))
    expect(fetch).toHaveBeenCalledTimes(count)
  })

  it('bring nothing of a partition that was lost, and taken again, meanwhile', async () => {
    const { next, taken, answer } = cluster()
    await next()
    const again = { number: 2, position: 5n, isIn: (_: string) => true } as KafkaPartition
    taken.set(2, again)
    answer()
    const found = [...(await next()), ...(await next())]
    expect(found.map(([number]) => number)).toEqual([0, 1])
    expect(again.position).toBe(5n)
  })

  it('fail with what one broker answers, and begin anew', async () => {
    const { next, fetch, answer } = cluster()
    await next()
    answer(new CtStreamError('CT_SINK_FAILED', 'the broker is away', { retryable: true }))
    const found = await Promise.allSettled([next(), next()])
    expect(found.map(({ status }) => status)).toContain('rejected')
    fetch.mockClear()
    expect(await next()).toEqual([0, 1].map((number) => [number, expect.any(BigInt)]))
    expect(fetch.mock.calls.map(([from]) => [...from.keys()])).toEqual([[0, 1], [2]])
  })
})
