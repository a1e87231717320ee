import { describe, expect, it } from 'vitest'
import { ServerStatus } from '../../../../src/cli/top/server-status.js'
import { CtStreamError } from '../../../../src/errors.js'
import type { CtCertificate } from '../../../../src/types/certificate.js'

const counts = { dropped: 0, bufferedBytes: 0 }
const told = (url: string, index: number, at?: number): CtCertificate =>
  ({
    log: { id: '', url, description: '', operator: '', kind: 'rfc6962' },
    index,
    timestamp: at === undefined ? undefined : new Date(at),
  }) as CtCertificate

describe('what a server tells of logs', () => {
  it('is counted by log, with the newest index and time, whatever the order', () => {
    const server = new ServerStatus()
    server.add([told('https://a/', 7, 5000), told('https://b/', 3), told('https://a/', 5, 4000)], 0)
    const { logs, entries } = server.status(counts, 9000, 1000)
    expect(entries).toBe(3)
    expect(logs.map(({ log, position, lagMs, entries }) => [log.id, position, lagMs, entries])).toEqual([
      ['https://a/', 8, 4000, 2],
      ['https://b/', 4, undefined, 1],
    ])
    expect(logs.every(({ state, unverified, entries }) => state === 'live' && unverified === entries)).toBe(true)
  })

  it('tells a thousand logs apart and counts the others together', () => {
    const server = new ServerStatus()
    server.add(
      Array.from({ length: 5000 }, (_, i) => told(`https://${i}.example/`, i)),
      0,
    )
    const { logs, entries } = server.status(counts, 0, 0)
    expect([logs.length, entries]).toEqual([1001, 5000])
    expect(logs.at(-1)).toMatchObject({ log: { description: 'other logs' }, entries: 4000 })
  })

  it('has logs wait while there is no connection, since the first failure', () => {
    const server = new ServerStatus()
    server.add([told('https://a/', 1)], 0)
    const error = new CtStreamError('CT_HTTP_NETWORK', 'refused', { retryable: true })
    server.disconnected(error, 1000, 10_000)
    server.disconnected(error, 2000, 11_000)
    expect(server.status(counts, 12_000, 0).logs[0]).toMatchObject({
      ...{ state: 'waiting', troubleMs: 2000, failingSince: 10_000, nextRetryAt: 13_000, retries: 2 },
      lastError: error,
    })
    server.connected()
    expect(server.status(counts, 12_000, 0).logs[0]).toMatchObject({ state: 'live', troubleMs: undefined })
  })
})
