import { describe, expect, it } from 'vitest'
import { checkVersion } from '../../../src/postgres/connection.js'

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
