// Reads logs in one of several ways and writes down each entry when it is finished with, before it says so; is killed at any moment.
import { openSync, writeSync } from 'node:fs'
import { PassThrough, Readable, Transform, Writable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { setTimeout as wait } from 'node:timers/promises'
import { ctStream } from '../../../dist/index.js'

const { specs, checkpoint, journal, way, options } = JSON.parse(process.argv[2])
const file = openSync(journal, 'a')
let count = 0

/** Handles one entry, which takes its time. */
async function handle({ log, index }) {
  if (++count % 16 === 0) await wait(4)
  writeSync(file, `${log.kind} ${index}\n`)
}

const open = (more) =>
  ctStream({
    logs: specs,
    checkpoint,
    commit: { everyMs: 10, everyEntries: 64 },
    pollIntervalMs: 10,
    partialTileDelayMs: 0,
    ...options,
    ...more,
  })

const slow = () =>
  new Transform({ objectMode: true, transform: (cert, _, done) => setImmediate(() => done(null, cert)) })

const sink = (acknowledge = () => {}) =>
  new Writable({
    objectMode: true,
    write(cert, _, done) {
      handle(cert).then(() => {
        acknowledge(cert)
        done()
      }, done)
    },
  })

const ways = {
  async loop() {
    for await (const cert of open()) await handle(cert)
  },
  async filter() {
    for await (const cert of open({ filter: { match: ({ index }) => index % 3 === 1 } })) await handle(cert)
  },
  async dedupe() {
    for await (const page of open({ dedupe: 'certificate' }).batches()) for (const cert of page) await handle(cert)
  },
  async commits() {
    const stream = open({ commit: 'manual' })
    for await (const cert of stream) {
      await handle(cert)
      if (count % 64 > 0) continue
      stream.acknowledge()
      await stream.commit()
    }
  },
  /** Pages handled out of order over the logs, and filtered. */
  async batches() {
    const stream = open({ acknowledge: 'manual', filter: { match: ({ index }) => index % 3 === 1 } })
    const held = []
    const finish = async (page) => {
      for (const cert of page) {
        await handle(cert)
        if (cert.index % 5 === 0) stream.acknowledge(cert)
      }
      stream.acknowledge(page.at(-1))
    }
    for await (const page of stream.batches()) if (held.push(page) > 3) await finish(held.shift())
    for (const page of held) await finish(page)
  },
  async pipeline() {
    const stream = open({ acknowledge: 'manual' })
    await pipeline(
      stream.readable(),
      slow(),
      new PassThrough({ objectMode: true }),
      sink((cert) => stream.acknowledge(cert)),
    )
  },
  async pulled() {
    const stream = open({ acknowledge: 'manual' })
    await pipeline(
      Readable.from(stream),
      slow(),
      sink((cert) => stream.acknowledge(cert)),
    )
  },
  async sink() {
    await pipeline(open().readable(), sink())
  },
}

await ways[way]()
writeSync(file, 'end\n')
