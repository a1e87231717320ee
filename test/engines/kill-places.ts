import { Consumer } from '@platformatic/kafka'
import { expect } from 'vitest'
import { kafkaCoordinator, postgresCoordinator } from '../../src/cluster/index.js'
import { committedRecords } from '../../src/kafka/committed-records.js'
import { certificateOfLeaf } from '../../src/postgres/queued-leaf.js'
import { decodeMessage } from '../../src/sinks/index.js'
import type { TestLog } from '../../src/testing/index.js'
import { infoOf } from './collectors.js'
import { type TestDatabase, testDatabase } from './database.js'
import { otherClient, readIndependently } from './independent-reader.js'
import { kafkaPlace } from './kafka-place.js'

/** An engine in which collectors are killed, and how to look into it from outside. */
export interface KillPlace {
  /** Of the coordinator. */
  readonly url: string
  /** Of the sink, for `openSink`. */
  readonly sink: string
  /** The same for all members. Milliseconds. */
  readonly leaseMs: number
  /** Index behind the last entry that is there, by log id. */
  positions(): Promise<ReadonlyMap<string, number>>
  /** Counts raw content: each entry of each log once, in order; in Postgres also that none was tried to be written again. */
  expectEachOnce(logs: readonly TestLog[]): Promise<void>
  /** As {@link KillPlace.expectEachOnce}, where what took effect without an answer may be tried again: it has to be there once. */
  expectStoredOnce(logs: readonly TestLog[]): Promise<void>
  remove(): Promise<void>
}

/** Brokers take no shorter session unless they are told to. */
const KAFKA_LEASE_MS = 6000
const POSTGRES_LEASE_MS = 1200

/** @param server - Default: that of these tests. */
export async function postgresKillPlace(server?: string): Promise<KillPlace> {
  const db = await testDatabase(server)
  // Makes the tables, before three processes do.
  const coordinator = postgresCoordinator(db.url)
  await coordinator.join('test')
  await coordinator.close()
  // The key of the table would hide a repetition: every row that a transaction tried to insert, and that was committed, is noted.
  await db.query('CREATE TABLE tried (log integer, idx bigint)')
  await db.query(
    'CREATE FUNCTION note_tried() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN INSERT INTO tried VALUES (NEW.log, NEW.idx); RETURN NEW; END $$',
  )
  await db.query('CREATE TRIGGER noting BEFORE INSERT ON entry FOR EACH ROW EXECUTE FUNCTION note_tried()')
  return {
    url: db.url,
    sink: `${db.url}&entries=all&queue=true&leaseMs=${POSTGRES_LEASE_MS}`,
    leaseMs: POSTGRES_LEASE_MS,
    async positions() {
      const rows = await db.query<{ id: string; position: string }>('SELECT id, position FROM log')
      return new Map(rows.map(({ id, position }) => [id, Number(position)]))
    },
    async expectEachOnce(logs) {
      const rows = await db.query<{ id: string; count: string; distinct: string; max: string; min: string }>(
        `SELECT log.id, count(*), count(DISTINCT idx) AS distinct, max(idx), min(idx)
         FROM tried JOIN log ON log.n = tried.log GROUP BY log.id`,
      )
      const [kept] = await db.query('SELECT count(*)::integer AS count FROM entry')
      expect(kept).toEqual({ count: logs.reduce((sum, { size }) => sum + size, 0) })
      expect(rows).toHaveLength(logs.length)
      for (const { id, count, distinct, max, min } of rows) {
        const log = logs.find(({ logId }) => logId === id)
        expect([count, distinct, max, min].map(Number)).toEqual([log?.size, log?.size, (log?.size ?? 0) - 1, 0])
      }
      for (const log of logs) await expectBodies(db, log)
    },
    async expectStoredOnce(logs) {
      expect(await db.entries()).toEqual(allOf(logs))
      for (const log of logs) await expectBodies(db, log)
      const [twice] = await db.query('SELECT count(*)::integer AS n FROM name GROUP BY rev, cert HAVING count(*) > 1')
      expect(twice).toBeUndefined()
    },
    remove: () => db.remove(),
  }
}

/** Each entry of the queue is the one that the log has there: its body hashes to what the log has hashed. */
async function expectBodies(db: TestDatabase, log: TestLog): Promise<void> {
  const rows = (from: number) =>
    db.query<{ idx: string; flags: number; hash: Buffer; leaf: Buffer }>(
      `SELECT idx, flags, hash, leaf FROM queued WHERE log = (SELECT n FROM log WHERE id = $1) AND idx >= $2 AND idx < $2 + 5000
       ORDER BY log, idx`,
      [log.logId, from],
    )
  const base = { log: infoOf(log), cursor: () => '', issuer: () => Promise.reject(new Error('not asked for')) }
  for (let from = 0; from < log.size; from += 5000) {
    const found = await rows(from)
    expect(found.map(({ idx }) => Number(idx))).toEqual(
      Array.from({ length: Math.min(5000, log.size - from) }, (_, i) => from + i),
    )
    for (const { idx, flags, hash, leaf } of found) {
      // Throws where the body does not hash to it.
      certificateOfLeaf({ flags, hash }, leaf, Number(idx), base)
      if (!hash.equals(log.leafHash(Number(idx)))) throw new Error(`entry ${idx} is another than that of the log`)
    }
  }
}

const allOf = (logs: readonly TestLog[]) =>
  new Map(logs.map(({ logId, size }) => [logId, Array.from({ length: size }, (_, index) => index)]))

/** @param server - As of {@link postgresKillPlace}. */
export async function kafkaKillPlace(server?: string): Promise<KillPlace> {
  const place = kafkaPlace(server)
  const coordinator = kafkaCoordinator(place.url)
  await coordinator.join('test')
  await coordinator.close()
  const reader = new Consumer({ ...place.client, groupId: `${place.prefix}.test` })
  const expectEachOnce = async (logs: readonly TestLog[]) => {
    const found = new Map<string, number[]>()
    const byId = new Map(logs.map((log) => [log.logId, infoOf(log)]))
    for (const { headers, value } of await place.records()) {
      const named = headers.map(([name, text]) => [String(name), text ?? ''] as const)
      const message = decodeMessage(named, value ?? undefined, (logId) => {
        const log = byId.get(logId)
        if (log === undefined) throw new Error(`a message of an unknown log ${logId}`)
        return { log, historical: false, cursor: () => '', issuer: () => Promise.reject(new Error('not asked for')) }
      })
      // Refused where its body does not hash to its `ct-leaf`.
      if (message.body !== 'leaf') throw new Error(`not a leaf: ${JSON.stringify(message)}`)
      const list = found.get(message.logId)
      if (list === undefined) found.set(message.logId, [message.index])
      else list.push(message.index)
    }
    const all = allOf(logs)
    expect(found).toEqual(all)
    if (otherClient !== undefined) expect(await readIndependently(place.servers, place.topic)).toEqual(all)
  }
  return {
    url: place.url,
    sink: `${place.url}&body=leaf`,
    leaseMs: KAFKA_LEASE_MS,
    async positions() {
      const positions = new Map<string, number>()
      for (const topic of await place.topics()) {
        if (!topic.startsWith(`${place.prefix}.positions.`)) continue
        for await (const { key, value } of committedRecords(reader, topic))
          if (String(key).startsWith('log:')) {
            const { log, position } = JSON.parse(String(value)) as { log: { id: string }; position: number }
            positions.set(log.id, position)
          }
      }
      return positions
    },
    expectEachOnce,
    // It says itself what it has, when it is opened again.
    expectStoredOnce: expectEachOnce,
    async remove() {
      await reader.close(true)
      await place.remove()
    },
  }
}
