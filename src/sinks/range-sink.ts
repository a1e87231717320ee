import { rangePositions } from '../postgres/range-positions.js'
import type { Sink } from '../types/cluster.js'
import { PostgresSink, type PostgresSinkOptions } from './postgres-sink.js'

/** A `postgresSink` for the lease of one range of a backfill. */
export function rangeSink(url: string, options: PostgresSinkOptions): Sink {
  return new PostgresSink(url, options, rangePositions)
}
