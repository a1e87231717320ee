import { sha256Hex } from '../util/hash.js'
import type { KafkaAddress } from './address.js'
import type { CommittedRecord } from './committed-records.js'

/** Where a unit of work has its entries and positions, and the name of its only writer. */
export interface UnitPlace {
  /** Topic of its entries. */
  readonly entries: string
  /** Topic of its positions, of one partition. */
  readonly positions: string
  /** Begins the keys of its positions where several units share their topic. */
  readonly keys: string
  readonly transactionalId: string
}

/** What is committed of the positions of a unit when it is called: beside an open transaction of its only writer, all there will be. */
export type ReadUnit = () => Promise<readonly Pick<CommittedRecord, 'key' | 'value'>[]>

/** Of a shard; `undefined`: of a process that writes alone. */
export function placeOf({ prefix }: KafkaAddress, unit: string | undefined): UnitPlace {
  const name = unit === undefined ? 'alone' : hashed(unit)
  return {
    entries: `${prefix}.entries`,
    positions: `${prefix}.positions.${name}`,
    keys: '',
    transactionalId: `${prefix}.${name}`,
  }
}

/**
 * Of a range of a backfill. The ranges of one share a topic: there may be thousands. Its entries have a topic of their own, as processors count
 * on it that those of a log come in order.
 */
export function rangePlace({ prefix }: KafkaAddress, backfill: string, unit: string): UnitPlace {
  return {
    entries: `${prefix}.backfilled`,
    positions: `${prefix}.backfill.${backfill}`,
    keys: `${unit}|`,
    transactionalId: `${prefix}.${hashed(unit)}`,
  }
}

const hashed = (unit: string): string => sha256Hex(Buffer.from(unit)).slice(0, 16)
