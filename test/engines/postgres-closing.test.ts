import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { postgresQueueSource } from '../../src/processors/postgres/index.js'
import { postgresSink } from '../../src/sinks/postgres.js'
import { TcpProxy } from '../support/tcp-proxy.js'
import { VirtualClock } from '../support/virtual-clock.js'
import { noPostgres, testDatabase } from './database.js'

describe.skipIf(noPostgres)('a processor on Postgres that is closed while it opens', () => {
  it.each([1, 2, 3])('keeps nothing when the server answers to connection %i too late', async (held) => {
    const db = await testDatabase()
    onTestFinished(() => db.remove())
    const sink = postgresSink(db.url, { queue: true })
    await sink.open(undefined)
    await sink.close()
    await db.query(`INSERT INTO log (id, shard, operator, description, url) VALUES ('log', '', 'o', 'd', 'u')`)
    const port = Number(new URL(db.url).port)
    const proxy = await TcpProxy.open(port)
    onTestFinished(() => proxy.close())
    const silent = holdAt(proxy, held)
    const clock = new VirtualClock()
    const url = db.url.replace(`:${port}`, `:${proxy.port}`)
    const source = postgresQueueSource(url, { group: 'g', clock })
    const reading = source.batches().next()
    reading.catch(() => {})
    await silent
    const closed = source.close()
    closed.catch(() => {})
    await clock.pass(20_000)
    await expect(closed).rejects.toMatchObject({ code: 'CT_SINK_FAILED' })
    proxy.release()
    await Promise.allSettled([reading])
    await vi.waitFor(() => expect(proxy.connections).toBe(0))
    expect(await db.query('SELECT name FROM processor')).toEqual([])
    await expect(reading).rejects.toMatchObject({ code: 'CT_CLOSED' })
  })
})

/** Nothing gets through from the n-th connection on. Resolves then. */
function holdAt(proxy: TcpProxy, n: number): Promise<void> {
  let begun = 0
  return new Promise((resolve) => {
    proxy.cutsAnswerTo = (sent) => {
      if (sent.includes('application_name') && ++begun === n) {
        proxy.hold()
        resolve()
      }
      return false
    }
  })
}
