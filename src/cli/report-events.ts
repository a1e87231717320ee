import type { Logger } from '../types/clock.js'
import type { CtStreamEvents } from '../types/stream-events.js'

/** Emits the events of a stream: the stream itself, or an object that wraps it. */
export interface StreamEvents {
  on<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): unknown
}

/**
 * Logs the events of a stream for its operator.
 *
 * @param emptyLevel - Of the problem that nothing is selected: whether that is a mistake, or a stream that reads what has left the lists.
 */
export function reportEvents(stream: StreamEvents, logger: Logger, emptyLevel: 'error' | 'info' = 'error'): void {
  stream.on('misbehaviour', ({ log, error }) => logger.error('misbehaviour', { log: log.description, error }))
  stream.on('gap', ({ log, start, end, reason }) => logger.warn('gap', { log: log.description, start, end, reason }))
  stream.on('list', ({ selected, added, removed, failures, problems }) => {
    for (const { list, error } of failures) logger.warn('log list not renewed', { list, error })
    // A problem of one log matters little, but one of the selection can mean that no log is read at all.
    for (const { log, message } of problems) if (log === undefined) logger[selected > 0 ? 'warn' : emptyLevel](message)
    if (added.length + removed.length > 0) logger.info('log list', { added: added.length, removed: removed.length })
  })
  stream.on('head', ({ log, head, cosignatures }) =>
    logger.debug('head', { log: log.description, size: head.treeSize, cosignatures: cosignatures.length }),
  )
  stream.on('log', ({ log, state }) => logger.debug(state, { log: log.description }))
}
