import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { PostgresConnection, withoutTimeLimit } from '../../src/postgres/connection.js'
import { postgresTarget } from '../../src/postgres/target.js'
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

describe.skipIf(noPostgres)('a connection to Postgres', () => {
  it('leaves no statement running behind its time, except where it has none', async () => {
    const db = await testDatabase()
    onTestFinished(() => db.remove())
    const connection = new PostgresConnection(postgresTarget(db.url), 10_000, undefined, 600)
    const sleep = (seconds: number) => `SELECT pg_sleep(${seconds}) AS "left behind"`
    for (let i = 0; i < 2; i++)
      await expect(connection.run((session) => session.query(sleep(50)))).rejects.toMatchObject({
        code: 'CT_SINK_FAILED',
        retryable: true,
        message: expect.stringContaining('57014'),
      })
    await connection.transaction(async (session) => (await withoutTimeLimit(session)).query(sleep(1)))
    // It was for that transaction.
    await expect(connection.run((session) => session.query(sleep(50)))).rejects.toMatchObject({ retryable: true })
    await connection.close()
    const running = `SELECT query FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%left behind%' AND pid <> pg_backend_pid()`
    expect(await db.query(running)).toEqual([])
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
