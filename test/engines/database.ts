import pg from 'pg'
import { inject } from 'vitest'

let schemas = 0

/** A schema of its own in the server of these tests. */
export interface TestDatabase {
  /** With the schema in it. */
  readonly url: string
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<Row[]>
  /** Indexes of each log as they are in the table `entry`, by log id, in their order. */
  entries(): Promise<Map<string, number[]>>
  remove(): Promise<void>
}

/** For `describe.skipIf`. */
export const noPostgres = inject('postgres') === undefined

/**
 * @param base - URL of the server. Default: the one of these tests.
 * @param schema - Default: a new one.
 */
export async function testDatabase(
  base = inject('postgres'),
  schema = `test_${process.pid}_${schemas++}`,
): Promise<TestDatabase> {
  if (base === undefined) throw new Error('there is no Postgres server')
  const url = `${base}?schema=${schema}`
  let opened: Promise<pg.Client> | undefined
  // A server that was killed and started again wants a new connection.
  const connect = async () => {
    const client = new pg.Client({ connectionString: base })
    client.on('error', () => {})
    client.on('end', () => {
      opened = undefined
    })
    await client.connect()
    return client
  }
  const query = async <Row extends object>(text: string, values?: readonly unknown[]) => {
    opened ??= connect()
    const client = await opened.catch((error) => {
      opened = undefined
      throw error
    })
    await client.query(`SET search_path = ${schema}`)
    return (await client.query(text, values as unknown[] | undefined)).rows as Row[]
  }
  return {
    url,
    query,
    async entries() {
      const rows = await query<{ id: string; idx: string }>(
        'SELECT log.id, entry.idx FROM entry JOIN log ON log.n = entry.log ORDER BY log.n, idx',
      )
      const entries = new Map<string, number[]>()
      for (const { id, idx } of rows) {
        const list = entries.get(id)
        if (list === undefined) entries.set(id, [Number(idx)])
        else list.push(Number(idx))
      }
      return entries
    },
    async remove() {
      await query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`)
      await (await opened)?.end()
    },
  }
}
