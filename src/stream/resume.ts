import { CtStreamError } from '../errors.js'
import type { LogCheckpoint } from '../types/checkpoint.js'
import type { LogInfo } from '../types/log.js'
import { type CursorPositions, cursorKey } from './cursor.js'
import type { Settings } from './settings.js'

/** Most positions to name in a warning. */
const TOLD_POSITIONS = 5

/** Stored positions of logs, before they are opened. */
export interface Remembered {
  /** The rows of the checkpoint, by log id. */
  readonly stored: ReadonlyMap<string, LogCheckpoint>
  /** The positions of the cursor, if there is one. */
  readonly resume: CursorPositions | undefined
}

/**
 * Checks that a cursor belongs to logs of this stream. Called before any of them is opened.
 * @param logIds - Of the logs that this stream reads, and of those that it read until they left the lists.
 * @throws `CT_CURSOR_INVALID` when it has a position in none of them, and in one that is not finished.
 */
export function checkResume(
  logIds: readonly string[],
  { resume }: Remembered,
  { logger }: Pick<Settings, 'logger'>,
): void {
  if (resume === undefined) return
  const keys = new Set(logIds.map(cursorKey))
  const others = [...resume].filter(([key]) => !keys.has(key))
  const unread = others.filter(([, { finished }]) => !finished)
  if (unread.length > 0 && others.length === resume.size)
    throw new CtStreamError(
      'CT_CURSOR_INVALID',
      `the cursor is of ${resume.size} other logs: it names none of the ${keys.size} logs of this stream`,
      { expected: keys.size, actual: 0 },
    )
  if (unread.length > 0)
    logger.warn(
      `the cursor has positions of ${unread.length} logs that this stream does not read: they are left where they are`,
      { positions: told(unread.map(([key, { next }]) => `${key}…: ${next}`)) },
    )
}

/** Warns that the checkpoint or cursor overrules `start`: otherwise an analyst who asks for a week wonders why nothing comes. */
export function warnOfIgnoredStart(
  logs: readonly LogInfo[],
  { stored, resume }: Remembered,
  { startGiven, logger }: Pick<Settings, 'startGiven' | 'logger'>,
): void {
  if (!startGiven) return
  const positions = logs.flatMap(({ id, description }) => {
    const position = resume?.get(cursorKey(id))?.next ?? stored.get(id)?.position
    return position === undefined ? [] : [`${description}: ${position}`]
  })
  if (positions.length === 0) return
  logger.warn(
    `\`start\` is ignored for ${positions.length} of ${logs.length} logs, which go on where the checkpoint or ` +
      'the cursor has them; to read them anew, use another checkpoint file or none (`checkpoint: false`, --no-checkpoint)',
    { positions: told(positions) },
  )
}

function told(positions: readonly string[]): string {
  const more = positions.length > TOLD_POSITIONS ? [`${positions.length - TOLD_POSITIONS} more`] : []
  return [...positions.slice(0, TOLD_POSITIONS), ...more].join(', ')
}
