import { expect } from 'vitest'
import type { TestLog } from '../../src/testing/index.js'
import type { QueueSource } from '../../src/types/queue.js'
import { grow } from '../support/logs.js'
import type { QueuePlace } from '../support/source-contract.js'
import { range, read, write } from './queue-use.js'

/** Of a message that cannot be read: the index it has in what is set aside, and what its reason contains. */
export type Aside = readonly [index: number | undefined, reason: string]

/** What is foreign, of a later version, damaged, of a log that nobody described, and damaged far beyond the end of a log. */
export const ASIDE: readonly Aside[] = [
  [undefined, 'not a message of ct-stream'],
  [60, 'ct-v is 2'],
  [61, 'not one TileLeaf'],
  [62, 'no collector of this prefix has described its log'],
  [9_000_000, 'not one TileLeaf'],
]

/**
 * A log is read past messages that cannot be read, which are set aside: each once, also when they are replayed and fail again; and they can
 * be dropped.
 *
 * @param log - What the queue has whole entries of, up to its size.
 * @param open - A source of the group `g` up to the end.
 * @param aside - Those that cannot be read.
 */
export async function expectSetAside(
  queue: Pick<QueuePlace, 'parked'>,
  log: TestLog,
  open: () => QueueSource,
  aside: readonly Aside[],
): Promise<void> {
  const source = open()
  expect(await read(source, 1000)).toEqual(range(0, log.size))
  expect(source.status().parked).toBe(aside.length)
  await source.close()
  await using parked = await queue.parked()
  const listed = () => parked.list({ group: 'g' })
  const reasons = (await listed()).map(({ index, message }) => [index, message] as const)
  expect([...reasons].sort(byIndex)).toEqual(
    [...aside].sort(byIndex).map(([index, reason]) => [index, expect.stringContaining(reason)]),
  )
  expect(await parked.replay('g')).toBe(aside.length)
  const again = open()
  expect(await read(again, 1000)).toEqual([])
  await again.close()
  const all = await listed()
  expect(all.map(({ failures, isReplayed }) => [failures, isReplayed])).toEqual(aside.map(() => [2, false]))
  expect(await parked.drop('g', [all[0]?.key ?? ''])).toBe(1)
  expect(await parked.drop('g')).toBe(aside.length - 1)
  expect(await listed()).toEqual([])
}

/** What of the log comes behind messages that could not be read is read. */
export async function expectReadOn(url: string, log: TestLog, open: () => QueueSource): Promise<void> {
  const { size } = log
  grow(log, 20)
  await write(url, log).done
  const source = open()
  expect(await read(source, 1000)).toEqual(range(size, size + 20))
  await source.close()
}

const byIndex = ([a = -1]: Aside, [b = -1]: Aside) => a - b
