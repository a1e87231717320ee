import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { postgresQueueSource } from '../../src/processors/postgres/index.js'
import { postgresSink } from '../../src/sinks/postgres.js'
import { TcpProxy } from '../support/tcp-proxy.js'
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
    const url = db.url.replace(`:${port}`, `:${proxy.port}`)
    const source = postgresQueueSource(url, { group: 'g' })
    const reading = source.batches().next()
    await silent
    // Not waiting for the server: nothing can be acknowledged before it answers.
    await source.close()
    proxy.release()
    expect(await reading).toEqual({ done: true, value: undefined })
    await vi.waitFor(() => expect(proxy.connections).toBe(0), 10_000)
    expect(await db.query('SELECT name FROM processor')).toEqual([])
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
