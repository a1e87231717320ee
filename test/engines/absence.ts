import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFinished } from 'vitest'
import type { Logger } from '../../src/types/clock.js'
import type { QueueSource } from '../../src/types/queue.js'
import { grow, logOf } from '../support/logs.js'
import type { OwnServer } from './own-server.js'
import { range, reading, write } from './queue-use.js'

/** A queue whose server is not started yet. */
export interface AbsentQueue {
  readonly server: OwnServer
  readonly url: string
  /** Sources of one group. */
  readonly sources: number
  open(logger: Pick<Logger, 'info' | 'warn'>): QueueSource | Promise<QueueSource>
  /** How long the server is away. Milliseconds. */
  readonly awayMs: number
}

/**
 * Sources wait for a server that is not there yet, and for one that is killed and comes back, and say so; what was acknowledged before does not
 * come again.
 *
 * @returns Indexes of the entries that they gave, of 500.
 */
export async function expectPatience({ server, url, sources: count, open, awayMs }: AbsentQueue): Promise<number[]> {
  const log = await logOf(300)
  const said: string[] = []
  const logger = { info: (text: string) => said.push(text), warn: (text: string) => said.push(text) }
  const sources = await Promise.all(Array.from({ length: count }, () => open(logger)))
  onTestFinished(() => Promise.all(sources.map((source) => source.close())).then(() => {}))
  const readers = sources.map(reading)
  const found = () => readers.flatMap((reader) => reader.found)
  const untilThere = async (size: number) => {
    while (new Set(found()).size < size) await wait(20)
  }
  const first = write(url, log)
  await wait(1000)
  await server.start()
  await first.done
  await untilThere(300)
  for (const source of sources) await source.commit()
  await server.kill()
  grow(log, 200)
  const second = write(url, log)
  await wait(awayMs)
  expect(said.join()).toMatch(/the queue cannot be reached/)
  expect(second.said.join()).toMatch(/opened again in/)
  await server.start()
  await second.done
  await untilThere(500)
  expect(found().filter((index) => index < 300)).toHaveLength(300)
  expect([...new Set(found())].sort((a, b) => a - b)).toEqual(range(0, 500))
  return found()
}
