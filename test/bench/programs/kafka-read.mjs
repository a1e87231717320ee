// Reads all entries of a topic: `node kafka-read.mjs '{"url":…,"entries":…,"dist":…}'` as a processor that looks at names; with `bare`, by the
// client alone. In a process of its own, for what a garbage collector has to do depends on what else is alive. Connecting and joining the
// group is not counted.
import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { Consumer, FetchIsolationLevels } from '@platformatic/kafka'
import { begin, report } from './result.mjs'

const { url, entries, dist, bare } = JSON.parse(process.argv[2])
const { host, pathname } = new URL(url)
await (bare ? readBare() : readQueue())
process.exit()

async function readQueue() {
  const { queueSource } = await import(join(dist, 'processors.js'))
  const source = await queueSource(url, { group: randomUUID(), end: 'head', leaseMs: 6000 })
  let names = 0
  let before = 0
  let count = 0
  let begun
  for await (const batch of source.batches()) {
    count += batch.length
    if (begun === undefined) {
      before = count
      begun = begin()
    }
    for (const { dnsNames } of batch) names += dnsNames.length
    source.acknowledge(batch.at(-1))
  }
  await source.commit()
  check(count)
  report({ entries: count - before, checksum: `${names} names`, begun })
}

async function readBare() {
  const consumer = new Consumer({ clientId: 'bare', groupId: randomUUID(), bootstrapBrokers: [host] })
  const messages = await consumer.consume({
    topics: [`${pathname.slice(1)}.entries`],
    mode: 'earliest',
    isolationLevel: FetchIsolationLevels.READ_COMMITTED,
  })
  let begun
  let before = 0
  let count = 0
  for await (const { value } of messages) {
    if (value !== null) count++
    if (begun === undefined) {
      before = count
      begun = begin()
    }
    if (count >= entries) break
  }
  check(count)
  report({ entries: count - before, checksum: '', begun })
}

function check(count) {
  if (count !== entries) throw new Error(`${count} of ${entries} entries were read`)
}
