import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { pump } from '../../src/sinks/index.js'
import { postgresSink } from '../../src/sinks/postgres.js'
import { backfill, logOf } from '../support/logs.js'
import { sinkContract } from '../support/sink-contract.js'
import { noPostgres, type TestDatabase, testDatabase } from './database.js'

describe.skipIf(noPostgres)('Postgres', () => {
  sinkContract('Postgres, alone', async () => {
    const db = await testDatabase()
    return {
      sink: () => postgresSink(db.url, { entries: 'all', leaseMs: 600 }),
      content: () => db.entries(),
      keep: () => copyOf(db),
      remove: () => db.remove(),
    }
  })

  sinkContract('Postgres, with leases', async () => {
    const db = await testDatabase()
    // Makes the tables.
    const first = postgresSink(db.url)
    await first.open(undefined)
    await first.close()
    await db.query("INSERT INTO shard (name) VALUES ('one')")
    return {
      sink: () => postgresSink(db.url, { entries: 'all' }),
      content: () => db.entries(),
      lease: async () => {
        const [row] = await db.query<{ epoch: string }>(
          "UPDATE shard SET epoch = epoch + 1, owner = 'me', until = now() + interval '1 h' WHERE name = 'one' RETURNING epoch",
        )
        return { unit: 'one', epoch: Number(row?.epoch), until: Number.POSITIVE_INFINITY }
      },
      keep: () => copyOf(db),
      remove: () => db.remove(),
    }
  })

  describe('as a sink', () => {
    let db: TestDatabase
    beforeEach(async () => {
      db = await testDatabase()
    })
    afterEach(() => db.remove())

    it('stores certificates, their names, and the entries that the options select', async () => {
      const log = await logOf(400)
      for (const [entries, der] of [
        ['all', true],
        ['first', false],
        ['none', false],
      ] as const) {
        const place = await testDatabase()
        const sink = postgresSink(place.url, { entries, der })
        const seen = new Map<string, string[]>()
        const kinds = new Map<string, boolean>()
        for await (const cert of backfill(log)) {
          if (cert.sha256 === undefined) continue
          seen.set(cert.sha256, [...cert.dnsNames].map((name) => name.split('.').reverse().join('.')).sort())
          kinds.set(cert.sha256, cert.kind === 'precertificate')
        }
        await pump({
          sink,
          stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
        })
        const rows = await place.query<{
          sha256: string
          precert: boolean
          hashed: boolean | null
          names: string[] | null
        }>(
          `SELECT encode(c.sha256, 'hex') AS sha256, precert, sha256(der) = c.sha256 AS hashed,
             (SELECT array_agg(rev ORDER BY rev) FROM name WHERE cert = c.id) AS names FROM certificate c`,
        )
        expect(rows.length).toBe(seen.size)
        for (const { sha256, names, precert, hashed } of rows) {
          expect(names ?? []).toEqual(seen.get(sha256))
          expect(precert).toBe(kinds.get(sha256))
          expect(hashed).toBe(der ? true : null)
        }
        const all = (await place.entries()).get(log.logId) ?? []
        expect(all).toHaveLength(entries === 'all' ? 400 : entries === 'first' ? rows.length : 0)
        await place.remove()
      }
    })

    it('refuses a schema of a newer version, a wrong login and a missing server, each with its reason', async () => {
      const sink = postgresSink(db.url)
      await sink.open(undefined)
      await sink.close()
      await db.query('UPDATE version SET version = 1000')
      await expect(sink.open(undefined)).rejects.toMatchObject({ code: 'CT_CHECKPOINT_VERSION', actual: 1000 })
      const other = new URL(db.url)
      other.username = 'nobody'
      other.password = 'secret'
      await expect(postgresSink(other.href).open(undefined)).rejects.toMatchObject({
        code: 'CT_SINK_FAILED',
        retryable: false,
        message: expect.not.stringContaining('secret'),
      })
      other.port = '1'
      await expect(postgresSink(other.href).open(undefined)).rejects.toMatchObject({
        code: 'CT_SINK_FAILED',
        retryable: true,
        message: expect.stringContaining('ECONNREFUSED'),
      })
    })
  })
})

/** The tables as they are now, to go back to. */
async function copyOf(db: TestDatabase) {
  const tables = (
    await db.query<{ name: string }>(
      "SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema() AND tablename !~ '^(copy_|certificate_)'",
    )
  ).map(({ name }) => name)
  for (const name of tables) await db.query(`CREATE TABLE copy_${name} AS TABLE ${name}`)
  return {
    async restore() {
      // At once, for some refer to others.
      await db.query(`TRUNCATE ${tables.join(', ')}`)
      for (const name of tables) await db.query(`INSERT INTO ${name} OVERRIDING SYSTEM VALUE TABLE copy_${name}`)
    },
  }
}
