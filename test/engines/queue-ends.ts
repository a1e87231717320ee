import { openSink, pump } from '../../src/sinks/index.js'
import type { TestLog } from '../../src/testing/index.js'
import type { QueueSource } from '../../src/types/queue.js'
import { backfill } from '../support/logs.js'

/** Writes all of a log, as a process alone. @param url - Of the sink. What it says is in `said`. */
export function write(url: string, log: TestLog) {
  const said: string[] = []
  const sink = openSink(url)
  const done = sink.then((opened) =>
    pump({
      sink: opened,
      stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
      // The shortest waits.
      random: () => 0,
      logger: { info: (text) => said.push(text), warn: (text) => said.push(text) },
    }),
  )
  done.catch(() => {})
  return { done, said }
}

/** Reads until there are so many, and acknowledges each. */
export async function read(source: QueueSource, count: number): Promise<number[]> {
  const found: number[] = []
  for await (const certificate of source) {
    found.push(certificate.index)
    source.acknowledge(certificate)
    if (found.length === count) break
  }
  return found
}
