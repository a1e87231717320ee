import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { checkVersion, PostgresConnection } from '../../../src/postgres/connection.js'
import { postgresTarget } from '../../../src/postgres/target.js'
import { SilentServer } from './silent-server.js'

const at = (num: string, name: string) => () => checkVersion([{ num, name }], 'postgres://host/db')

describe('the version of a Postgres server', () => {
  it('is good from 13 on', () => {
    for (const [num, name] of [
      ['130000', '13.0'],
      ['150018', '15.18 (Debian 15.18-0+deb12u1)'],
      ['180001', '18.1'],
    ] as const)
      expect(at(num, name)).not.toThrow()
  })

  it('is refused below, with what it is and what is needed, whatever it calls itself', () => {
    expect(at('120022', '12.22')).toThrow(
      expect.objectContaining({
        code: 'CT_SINK_FAILED',
        retryable: false,
        actual: 120022,
        expected: 130000,
        message: 'postgres://host/db is PostgreSQL 12.22: version 13 or later is needed',
      }),
    )
    expect(at('90624', `9.6\u001b[31m${'x'.repeat(500)}`)).toThrow(
      expect.objectContaining({ message: expect.stringMatching(/^[\x20-\x7e…]{1,200}$/) }),
    )
    // What answers, and is no Postgres.
    expect(() => checkVersion([], 'postgres://host/db')).toThrow(expect.objectContaining({ code: 'CT_SINK_FAILED' }))
    expect(at('unknown', 'none')).toThrow(expect.objectContaining({ code: 'CT_SINK_FAILED' }))
  })
})

describe('a connection to a server that hangs', () => {
  beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] }))
  afterEach(() => void vi.useRealTimers())

  it('is gone when it is closed, so that the process can end', async () => {
    const server = await SilentServer.open('150018')
    const connection = new PostgresConnection(postgresTarget(server.url), 10_000)
    await connection.run((session) => session.query('SELECT 1'))
    const closed = connection.close()
    await server.told
    vi.advanceTimersByTime(1000)
    await closed
    await server.refused()
  })

  it('is gone when connecting has failed, which does not wait for the server', async () => {
    const server = await SilentServer.open('120022')
    const connection = new PostgresConnection(postgresTarget(server.url), 10_000)
    const failed = connection.run((session) => session.query('SELECT 1'))
    failed.catch(() => {})
    await server.told
    vi.advanceTimersByTime(1000)
    await expect(failed).rejects.toMatchObject({ code: 'CT_SINK_FAILED', actual: 120022 })
    await server.refused()
  })
})
