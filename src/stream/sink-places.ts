import type { LogCheckpoint } from '../types/checkpoint.js'
import type { CtStream } from './ct-stream.js'
import type { Settings } from './settings.js'

/** Of `Symbol.for`: a pump may be of another copy of the library than its stream. */
export const sinkPlaces = Symbol.for('ct-stream.sink-places')

/** How far a sink says that it is. */
export interface SinkPlaces {
  /** Index of the first entry the sink does not have, by base64 log id; logs it says nothing of are missing. */
  readonly places: ReadonlyMap<string, number>
  /** Ids of logs of which it had more before. */
  readonly rolledBack: ReadonlySet<string>
}

/**
 * Has a stream begin a log where the sink of a pump is, if its checkpoint is beyond. To be called before the first read. Without effect on
 * streams of another make.
 */
export function setSinkPlaces(stream: CtStream, places: SinkPlaces): void {
  if (sinkPlaces in stream) stream[sinkPlaces] = places
}

/**
 * The rows of a checkpoint with no log beyond the sink: what the sink had, and lost as it went back to an earlier state, is read again,
 * though from where the log was begun at the earliest.
 *
 * A position is beyond the sink also where entries at the end were dropped. So with `filter` or `dedupe` only those logs go back that are
 * certain to have to.
 */
export function rowsAtSink(
  rows: ReadonlyMap<string, LogCheckpoint>,
  sink: SinkPlaces | undefined,
  { filter, dedupe, logger }: Pick<Settings, 'filter' | 'dedupe' | 'logger'>,
): ReadonlyMap<string, LogCheckpoint> {
  if (sink === undefined) return rows
  const isEveryEntryWritten = filter === undefined && dedupe === undefined
  const rowAtSink = (row: LogCheckpoint): LogCheckpoint => {
    const { log, position, learned } = row
    const isCertain = sink.rolledBack.has(log.id)
    const place = sink.places.get(log.id) ?? (isCertain ? 0 : undefined)
    if (place === undefined || (!isCertain && !isEveryEntryWritten)) return row
    const { finished: _, ...rest } = learned
    const readFrom = typeof learned.readFrom === 'number' ? learned.readFrom : 0
    const start = Math.max(place, readFrom)
    if (start >= position) return row
    logger.warn(
      'the sink has less of a log than the checkpoint says, as after a return to an earlier state: the log is read again from there',
      { log: log.description, url: log.url, position, sink: place },
    )
    // What was proven of the tree belongs to the position of the checkpoint.
    return { ...row, position: start, range: start === 0 ? [] : undefined, learned: rest }
  }
  return new Map([...rows].map(([id, row]) => [id, rowAtSink(row)]))
}
