import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import type { PostgresConnection, Session } from '../../../src/postgres/connection.js'
import { openDatabase } from '../../../src/postgres/open-database.js'
import { postgresTarget } from '../../../src/postgres/target.js'
import { PostgresEngine } from '../../../src/processors/postgres/engine.js'
import { sourceSettings } from '../../../src/processors/source-settings.js'
import type { LogInfo } from '../../../src/types/log.js'
import { VirtualClock } from '../../support/virtual-clock.js'

vi.mock('../../../src/postgres/open-database.js')

const log: LogInfo = { id: 'L', description: 'x', operator: 'x', kind: 'rfc6962', url: 'https://x/' }

/** Answers what a queue of three entries of one log would. @param asked - Called with each statement; may throw. */
function database(asked: (statement: string) => void): PostgresConnection {
  const queue = { id: log.id, queue_from: '0', queue_to: '3' }
  const entry = (idx: number) => ({
    ...queue,
    idx: String(idx),
    flags: 0,
    hash: Buffer.alloc(32),
    leaf: null,
  })
  const claim = {
    checkpoint: JSON.stringify({ log }),
    key: log.id,
    stop: null,
    n: 1,
    fence: '1',
    epoch: '0',
    next: '0',
  }
  let isClaimed = false
  const query = async (statement: string, values?: readonly unknown[]): Promise<readonly object[]> => {
    asked(statement)
    if (statement.includes('AS members')) return [{ logs: 1, members: 1 }]
    if (statement.includes('UPDATE watermark SET owner = $2')) {
      const free = isClaimed ? [] : [claim]
      isClaimed = true
      return free
    }
    if (statement.includes('UPDATE watermark w SET until')) return [{ log: log.id }]
    if (statement.includes('FROM log WHERE id = ANY')) return [queue]
    if (statement.includes('LEFT JOIN LATERAL')) return [0, 1, 2].filter((idx) => idx >= Number(values?.[1])).map(entry)
    return []
  }
  const session = { query } as unknown as Session
  return {
    run: <T>(work: (session: Session) => Promise<T>) => work(session),
    async listen() {},
    async close() {},
  } as unknown as PostgresConnection
}

describe('a processor on Postgres', () => {
  it('is not at the end when it failed to look for it once', async () => {
    let looks = 0
    const connection = database((statement) => {
      if (statement.includes('FROM log WHERE id = ANY') && ++looks === 1)
        throw new CtStreamError('CT_SINK_FAILED', 'the connection is lost', { retryable: true })
    })
    vi.mocked(openDatabase).mockResolvedValue(connection)
    const clock = new VirtualClock()
    const target = postgresTarget('postgres://localhost/x')
    const engine = new PostgresEngine({
      ...sourceSettings({ group: 'g', end: 'head', leaseMs: 600_000, clock }),
      target,
    })
    onTestFinished(() => engine.close())
    await engine.open()
    // It looks at its leases once more, which says that there may be more to read.
    await clock.pass(0)
    const next = engine.next(new AbortController().signal)
    await clock.pass(1000)
    expect(await next).toMatchObject({ kind: 'page', entries: [{ index: 0 }, { index: 1 }, { index: 2 }], end: 3 })
    expect(looks).toBe(2)
  })
})
