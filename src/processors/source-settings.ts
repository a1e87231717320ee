import type { Clock, Logger } from '../types/clock.js'
import type { QueueSourceOptions } from '../types/queue.js'
import { systemClock } from '../util/clock.js'
import { choiceOption, integerOption, objectOption, optionError } from '../util/options.js'
import type { SourceSettings } from './engine-source.js'

const known = [
  'group',
  'start',
  'end',
  'pageEntries',
  'leaseMs',
  'commitIntervalMs',
  'parkAfter',
  'refill',
  'logger',
  'clock',
] as const

/** The options of a queue source, checked and with their defaults. */
export interface CheckedSettings extends SourceSettings {
  readonly group: string
  readonly start: 'beginning' | 'now'
  readonly end: 'never' | 'head'
  readonly leaseMs: number
  readonly logger: Pick<Logger, 'info' | 'warn'> | undefined
  readonly clock: Clock
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
export function sourceSettings(options: QueueSourceOptions): CheckedSettings {
  const given = objectOption<QueueSourceOptions>('source', options, known)
  const { group, start, end, pageEntries, leaseMs, commitIntervalMs, parkAfter, refill, logger, clock } = given
  if (typeof group !== 'string' || group.length === 0 || group.length > 255)
    throw optionError('source.group', 'a name of 1 to 255 characters', group)
  if (refill !== undefined && typeof refill !== 'function') throw optionError('source.refill', 'a function', refill)
  return {
    group,
    start: choiceOption('source.start', start, ['beginning', 'now'], 'beginning'),
    end: choiceOption('source.end', end, ['never', 'head'], 'never'),
    pageEntries: integerOption('source.pageEntries', pageEntries, 1, 10_000, 1000),
    leaseMs: integerOption('source.leaseMs', leaseMs, 300, 600_000, 15_000),
    commitIntervalMs: integerOption('source.commitIntervalMs', commitIntervalMs, 0, 60_000, 1000),
    parkAfter: parkAfter === 'never' ? undefined : integerOption('source.parkAfter', parkAfter, 1, 1000, 5),
    refill,
    logger,
    clock: clock ?? systemClock,
  }
}
