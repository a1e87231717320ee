import { openSink, pump } from '../../src/sinks/index.js'
import type { TestLog } from '../../src/testing/index.js'
import type { QueueSource } from '../../src/types/queue.js'
import { backfill } from '../support/logs.js'

/** Indexes from `start` to before `end`. */
export const range = (start: number, end: number) => Array.from({ length: end - start }, (_, i) => start + i)

/**
 * Writes all of a log, as a process alone: as whole entries, unless the URL names another body; from its beginning where the engine keeps no
 * positions.
 */
export function write(url: string, log: TestLog) {
  const said: string[] = []
  const sink = openSink(url.includes('body=') ? url : `${url}${url.includes('?') ? '&' : '?'}body=leaf`)
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

/** Reads until there are so many, or the end, and acknowledges each. */
export async function read(source: QueueSource, count: number): Promise<number[]> {
  const found: number[] = []
  for await (const certificate of source) {
    found.push(certificate.index)
    source.acknowledge(certificate)
    if (found.length === count) break
  }
  return found
}

/** Reads in the background, and acknowledges each, until the source is closed. */
export function reading(source: QueueSource): { readonly found: number[]; readonly ended: Promise<void> } {
  const found: number[] = []
  const ended = (async () => {
    for await (const certificate of source) {
      found.push(certificate.index)
      source.acknowledge(certificate)
    }
  })()
  ended.catch(() => {})
  return { found, ended }
}
