import { setTimeout as wait } from 'node:timers/promises'
import { openSink, pump } from '../../src/sinks/index.js'
import type { TestLog } from '../../src/testing/index.js'
import { backfill } from '../support/logs.js'
import type { KillPlace } from './kill-places.js'

/** In Kafka's protocol: the end of a transaction. */
const END_TXN = 26
export const isCommit = {
  postgres: (sent: Buffer) => sent.includes('COMMIT'),
  kafka: (sent: Buffer) => sent.length > 6 && sent.readInt16BE(4) === END_TXN,
}

/** Pumps all of the logs into a place, over another way to its server where that is given. */
export function run(place: Pick<KillPlace, 'sink'>, logs: readonly TestLog[], through?: { from: number; to: number }) {
  const said: string[] = []
  const port = (url: string) =>
    through === undefined ? url : url.replace(`127.0.0.1:${through.from}`, `127.0.0.1:${through.to}`)
  const done = (async () => {
    for (const log of logs)
      await pump({
        sink: await openSink(port(place.sink)),
        stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
        // The shortest waits.
        random: () => 0,
        logger: { info: (text) => said.push(text), warn: (text) => said.push(text) },
      })
  })()
  // Looked at by the test when it is time.
  done.catch(() => {})
  return { done, said }
}

export const inMiddle = async (place: KillPlace, log: TestLog, position: number) => {
  while (((await place.positions().catch(() => new Map())).get(log.logId) ?? 0) < position) await wait(5)
}
export const saying = async (said: readonly string[], what: RegExp) => {
  while (!said.some((text) => what.test(text))) await wait(20)
}
