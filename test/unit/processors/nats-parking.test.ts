import { describe, expect, it } from 'vitest'
import { PARKED_HEADER, parkedText } from '../../../src/checkpoint/parked-record.js'
import { CtStreamError } from '../../../src/errors.js'
import type { LastMessage, NatsConnection } from '../../../src/nats/connection.js'
import type { GroupLink, LinkedGroup } from '../../../src/nats/group-link.js'
import type { NatsClaim } from '../../../src/processors/nats/claim.js'
import { NatsParking } from '../../../src/processors/nats/parking.js'

const facts = { by: 'm', message: 'x', logId: undefined, index: 7, group: 'g', failures: 1, isReplayed: true }
const text = parkedText({ ...facts, key: 'one', parkedAt: new Date(1), place: 'unit.log' } as never)
const parked: LastMessage = {
  ...{ subject: 'g.parked.one', sequence: 1, time: 1, body: new Uint8Array(0), headers: [] },
  header: (name) => (name === PARKED_HEADER ? text : ''),
}
const held = [{ entries: { key: 'unit.log' }, log: { id: 'x' } }] as unknown as readonly NatsClaim[]

/** @param refused - The request that fails, once. */
function parkingWith(refused: 'list' | 'read') {
  let isRefused = false
  const answer = async <T>(request: string, value: T): Promise<T> => {
    if (request !== refused || isRefused) return value
    isRefused = true
    throw new CtStreamError('CT_SINK_FAILED', 'no answer in time', { retryable: true })
  }
  const connection = {
    lastMessages: () => answer('list', [parked]),
    lastMessage: () => answer('read', parked),
  } as unknown as NatsConnection
  const link = {
    stream: { name: 'g', base: 'g' },
    use: <T>(_doing: string, work: (linked: LinkedGroup) => Promise<T>) => work({ connection } as LinkedGroup),
  } as unknown as GroupLink
  return new NatsParking(link, 'g')
}

describe('what is set aside in NATS', () => {
  it.each(['list', 'read'] as const)('is replayed, once, when the request to %s it failed before', async (refused) => {
    const parking = parkingWith(refused)
    await expect(parking.nextReplay(held)).rejects.toMatchObject({ code: 'CT_SINK_FAILED' })
    expect(await parking.nextReplay(held)).toMatchObject({ kind: 'replay', key: 'one' })
    parking.notice()
    expect(await parking.nextReplay(held)).toBeUndefined()
  })
})
