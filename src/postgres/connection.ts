import { finished } from 'node:stream/promises'
import type { Client } from 'pg'
import { CtStreamError } from '../errors.js'
import { cutText, harmless } from '../util/harmless.js'
import { importPeer } from '../util/import-peer.js'
import { messageOf } from '../util/message-of.js'
import type { PostgresTarget } from './target.js'

/** What to install: `pg`, and what it needs for COPY. */
const INSTALL = 'pg pg-copy-streams'
/** 13: the oldest that is not long out of support, and the oldest these statements were written for. */
const OLDEST = 130_000
const CONNECT_MS = 10_000
/** Longer than any statement of ours takes; a server that is gone without a word is given up then. */
const QUERY_MS = 60_000

/** Statements over one connection, one piece of work at a time. */
export interface Session {
  query<Row extends object>(text: string, values?: readonly unknown[]): Promise<readonly Row[]>
  /** Sends rows in the text format of COPY. */
  copy(text: string, rows: Iterable<string>): Promise<void>
}

/**
 * One connection to a Postgres server, made when it is first used.
 *
 * After any error it is dropped, with whatever transaction was open, and made anew for the next piece of work: nobody goes on in a
 * connection of which it is not known how far it came.
 */
export class PostgresConnection {
  private readonly target: PostgresTarget
  /** Ends a transaction in which its client stopped: the locks of one that is suspended would hold up everybody. */
  private readonly idleInTransactionMs: number
  private readonly onConnect: ((session: Session) => Promise<void>) | undefined
  private client: Client | undefined
  private last: Promise<unknown> = Promise.resolve()
  private isClosed = false

  constructor(target: PostgresTarget, idleInTransactionMs: number, onConnect?: (session: Session) => Promise<void>) {
    this.target = target
    this.idleInTransactionMs = idleInTransactionMs
    this.onConnect = onConnect
  }

  /**
   * Runs a piece of work when those before it are done.
   *
   * @throws `CT_SINK_FAILED` for what the server or the network says, `retryable` where it may pass; `CT_CLOSED`; `CT_PEER_MISSING`.
   */
  run<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const result = this.last.then(() => this.runNow(work))
    this.last = result.catch(() => {})
    return result
  }

  /** As {@link run}, in a transaction: all of it, or nothing. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.run(async (session) => {
      await session.query('BEGIN')
      const result = await work(session)
      await session.query('COMMIT')
      return result
    })
  }

  /**
   * Calls back for every notice on this channel of the server, as long as the connection lasts; `onEnd` when it does not.
   *
   * @param channel - Letters, digits and `_`.
   */
  listen(channel: string, onNotice: () => void, onEnd: () => void): Promise<void> {
    return this.run(async (session) => {
      const { client } = this
      client?.on('notification', onNotice)
      client?.on('end', onEnd)
      await session.query(`LISTEN ${channel}`)
    })
  }

  /** Drops the connection when the work under way is done. Idempotent. */
  async close(): Promise<void> {
    this.isClosed = true
    await this.last
    await this.drop()
  }

  private async runNow<T>(work: (session: Session) => Promise<T>): Promise<T> {
    if (this.isClosed) throw new CtStreamError('CT_CLOSED', 'the connection to Postgres is closed')
    try {
      this.client ??= await this.connect()
      return await work(sessionOf(this.client))
    } catch (error) {
      await this.drop()
      throw CtStreamError.is(error) ? error : postgresFailed(this.target.shown, error)
    }
  }

  private async drop(): Promise<void> {
    const { client } = this
    this.client = undefined
    // A server that hangs does not answer the good-bye.
    await Promise.race([client?.end().catch(() => {}), new Promise((resolve) => setTimeout(resolve, 1000).unref())])
  }

  private async connect(): Promise<Client> {
    const { default: pg } = await importPeer('Postgres', () => import('pg'), INSTALL)
    const client = new pg.Client({
      connectionString: this.target.connectionString,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: QUERY_MS,
      keepAlive: true,
      application_name: 'ct-stream',
    })
    // Without a listener a connection that is cut between two statements ends the process; the next statement says it.
    client.on('error', () => {})
    try {
      await client.connect()
      const session = sessionOf(client)
      checkVersion(await session.query<{ num: string; name: string }>(VERSION), this.target.shown)
      // Not as parameters of the connection, which some poolers refuse.
      await session.query(`SET idle_in_transaction_session_timeout = ${Math.round(this.idleInTransactionMs)}`)
      await session.query(`SET search_path = ${this.target.schemaSql}`)
      await this.onConnect?.(session)
      return client
    } catch (error) {
      await client.end().catch(() => {})
      throw error
    }
  }
}

const VERSION = `SELECT current_setting('server_version_num') AS num, current_setting('server_version') AS name`

/** @throws {@link CtStreamError} `CT_SINK_FAILED` for a server older than 13. */
export function checkVersion(rows: readonly { num: string; name: string }[], shown: string): void {
  const { num = '0', name = '?' } = rows[0] ?? {}
  if (Number(num) >= OLDEST) return
  throw new CtStreamError(
    'CT_SINK_FAILED',
    `${shown} is PostgreSQL ${cutText(harmless(name), 40)}: version 13 or later is needed`,
    { actual: Number(num), expected: OLDEST },
  )
}

function sessionOf(client: Client): Session {
  return {
    query: async (text, values) => (await client.query(text, values as unknown[] | undefined)).rows,
    async copy(text, rows) {
      const { from } = await importPeer('Postgres', () => import('pg-copy-streams'), INSTALL)
      const stream = client.query(from(text))
      const done = finished(stream)
      // The error of a write that fails is that of `done`.
      done.catch(() => {})
      for (const row of rows) {
        if (stream.write(row) || stream.destroyed) continue
        await Promise.race([new Promise((resolve) => stream.once('drain', resolve)), done])
      }
      stream.end()
      await done
    },
  }
}

/**
 * Whether another attempt may end better, by SQLSTATE: not where the login, the name, the statement or the data are wrong. A full disk is
 * emptied by somebody, a server that shuts down comes back.
 */
const LASTING = /^(?:0A|22|23|28|3D|3F|42)/

function postgresFailed(shown: string, cause: unknown): CtStreamError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
  const isPassing = !LASTING.test(code) || code === '42P01'
  const message = `${shown}: ${cutText(harmless(messageOf(cause)), 300)}${code === '' ? '' : ` (${harmless(code)})`}`
  return new CtStreamError('CT_SINK_FAILED', message, { cause, retryable: isPassing && code !== '42P01' })
}
