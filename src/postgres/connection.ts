import type { Client, QueryConfig } from 'pg'
import { CtStreamError } from '../errors.js'
import { cutText, harmless } from '../util/harmless.js'
import { importPeer } from '../util/import-peer.js'
import { messageOf } from '../util/message-of.js'
import type { PostgresTarget } from './target.js'

/** 13: the oldest that is not long out of support, and the oldest these statements were written for. */
const OLDEST = 130_000
const CONNECT_MS = 10_000
/** Longer than any of our statements takes: after it, a silent server is taken for gone. */
const QUERY_MS = 60_000
/** The server gives a statement up before its client does, which would leave it running, and send it again. */
const SERVER_SHARE = 11 / 12
/** The longest that a timer takes. */
const UNLIMITED_MS = 2 ** 31 - 1
const END_MS = 1000

/** Statements over one connection, one piece of work at a time. */
export interface Session {
  /** @param timeoutMs - How long to wait for its answer. Default: as of the connection. */
  query<Row extends object>(text: string, values?: readonly unknown[], timeoutMs?: number): Promise<readonly Row[]>
}

/**
 * One connection to a Postgres server, made when it is first used.
 *
 * After any error it is dropped together with its open transaction, and the next piece of work opens a new one: the state of the old one
 * is unknown.
 */
export class PostgresConnection {
  private readonly target: PostgresTarget
  /** How long a transaction may wait for its client: the locks of a suspended client would block all others. */
  private readonly idleInTransactionMs: number
  private readonly onConnect: ((session: Session) => Promise<void>) | undefined
  private readonly queryMs: number
  private client: Client | undefined
  private last: Promise<unknown> = Promise.resolve()
  private isClosed = false

  /** @param queryMs - How long a statement may take. Milliseconds. */
  constructor(
    target: PostgresTarget,
    idleInTransactionMs: number,
    onConnect?: (session: Session) => Promise<void>,
    queryMs = QUERY_MS,
  ) {
    this.queryMs = queryMs
    this.target = target
    this.idleInTransactionMs = idleInTransactionMs
    this.onConnect = onConnect
  }

  /**
   * Runs a piece of work after all earlier ones.
   *
   * @throws `CT_SINK_FAILED` for errors of the server or the network, `retryable` where a retry may succeed; `CT_CLOSED`; `CT_PEER_MISSING`.
   */
  run<T>(work: (session: Session) => Promise<T>): Promise<T> {
    const result = this.last.then(() => this.runNow(work))
    this.last = result.catch(() => {})
    return result
  }

  /** Like {@link run}, in a transaction: everything or nothing takes effect. */
  transaction<T>(work: (session: Session) => Promise<T>): Promise<T> {
    return this.run(async (session) => {
      await session.query('BEGIN')
      const result = await work(session)
      await session.query('COMMIT')
      return result
    })
  }

  /**
   * Calls back for every notification on a channel while the connection lasts, then calls `onEnd`.
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

  /** Closes the connection after the current work. Idempotent. */
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
    if (client !== undefined) await end(client)
  }

  private async connect(): Promise<Client> {
    const { default: pg } = await importPeer('Postgres', () => import('pg'), 'pg')
    const client = new pg.Client({
      connectionString: this.target.connectionString,
      connectionTimeoutMillis: CONNECT_MS,
      query_timeout: this.queryMs,
      keepAlive: true,
      application_name: 'ct-stream',
    })
    // Without a listener, a connection cut between two statements would end the process. The next statement reports it.
    client.on('error', () => {})
    try {
      await client.connect()
      const session = sessionOf(client)
      checkVersion(await session.query<{ num: string; name: string }>(VERSION), this.target.shown)
      // By SET: some poolers refuse them as parameters of the connection.
      await session.query(`SET idle_in_transaction_session_timeout = ${Math.round(this.idleInTransactionMs)}`)
      await session.query(`SET statement_timeout = ${Math.round(this.queryMs * SERVER_SHARE)}`)
      // Compiling takes longer than any of our statements.
      await session.query('SET jit = off')
      await session.query(`SET search_path = ${this.target.schemaSql}`)
      await this.onConnect?.(session)
      return client
    } catch (error) {
      await end(client)
      throw error
    }
  }
}

/** Ends a connection in order, or without the server: one that hangs never answers, and an open socket would keep the process from ending. */
async function end(client: Client): Promise<void> {
  const late = setTimeout(() => client.connection.stream.destroy(), END_MS)
  // Destroying the socket ends it, too.
  await client.end().catch(() => {})
  clearTimeout(late)
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
    query: async (text, values, timeoutMs) => {
      // Its types leave `query_timeout` out.
      const config = { text, values: values as unknown[] | undefined, query_timeout: timeoutMs }
      return (await client.query(config as QueryConfig)).rows
    },
  }
}

/** Lets the statements of a transaction take as long as they do, as those that change large tables. */
export async function withoutTimeLimit(session: Session): Promise<Session> {
  await session.query('SET LOCAL statement_timeout = 0')
  return { query: (text, values) => session.query(text, values, UNLIMITED_MS) }
}

/**
 * Whether another attempt may succeed, by SQLSTATE: not where the login, the name, the statement or the data are wrong. A full disk or a
 * server that shuts down counts as passing, for somebody will see to it.
 */
const LASTING = /^(?:0A|22|23|28|3D|3F|42)/

function postgresFailed(shown: string, cause: unknown): CtStreamError {
  const code = typeof cause === 'object' && cause !== null && 'code' in cause ? String(cause.code) : ''
  const isPassing = !LASTING.test(code) || code === '42P01'
  const message = `${shown}: ${cutText(harmless(messageOf(cause)), 300)}${code === '' ? '' : ` (${harmless(code)})`}`
  return new CtStreamError('CT_SINK_FAILED', message, { cause, retryable: isPassing && code !== '42P01' })
}
