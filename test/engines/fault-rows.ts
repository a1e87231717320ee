import { expect } from 'vitest'
import { MemoryCheckpointStore } from '../../src/checkpoint/memory.js'
import { pump } from '../../src/sinks/index.js'
import type { Sink } from '../../src/types/cluster.js'
import { backfill, type logOf } from '../support/logs.js'
import { upTo } from '../support/whole-messages.js'
import { waitingClock } from './waiting-clock.js'

export interface Place {
  readonly url: string
  readonly prefix: string
  remove(): Promise<void>
  content(): Promise<ReadonlyMap<string, readonly number[]>>
}

/** Pumps a log into a sink until it ends. @param said - Whatever fails. */
export async function run(
  sink: Sink,
  log: Awaited<ReturnType<typeof logOf>>,
  onWait: () => Promise<void> = async () => {},
  said: string[] = [],
) {
  const store = new MemoryCheckpointStore()
  await pump({
    sink,
    stream: (own) => backfill(log, own === undefined ? { checkpoint: store } : { checkpoint: own, commit: 'manual' }),
    logger: { info: () => {}, warn: (text) => void said.push(text) },
    // Waits are when the server is started.
    clock: waitingClock(onWait),
    random: () => 0,
  })
  return said
}

/** Does something before some of the writes of a sink, counted over all of them from 1. */
export function interrupted(sink: Sink, before: ReadonlyMap<number, () => Promise<unknown>>): Sink {
  let count = 0
  return {
    guarantee: sink.guarantee,
    get store() {
      return sink.store as NonNullable<Sink['store']>
    },
    open: (lease) => sink.open(lease),
    async write(page) {
      await before.get(++count)?.()
      await sink.write(page)
    },
    close: () => sink.close(),
  }
}

export async function expectAll(place: Place, { logId, head }: Awaited<ReturnType<typeof logOf>>, isOnce: boolean) {
  const found = (await place.content()).get(logId) ?? []
  expect([...new Set(found)].sort((a, b) => a - b)).toEqual(upTo(head.treeSize))
  if (isOnce) expect(found).toHaveLength(head.treeSize)
}
