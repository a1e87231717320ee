import type { Logger } from '../../types/clock.js'

/** Most messages to remember: a failing try logs few, while the one that succeeds may go on for years. */
const MOST_KEPT = 100

/** Logs messages that each of several tries repeats only once, and then at level `debug`. */
export class SaidBefore {
  private readonly logger: Logger
  private readonly said = new Set<string>()

  constructor(logger: Logger) {
    this.logger = logger
  }

  /** The logger for another try. It logs each message of earlier tries once at level `debug`; further repetitions are logged normally. */
  nextTry(): Logger {
    const { logger, said } = this
    const before = new Set(said)
    const level =
      (level: 'info' | 'warn' | 'error'): Logger['info'] =>
      (message, context) => {
        if (said.size < MOST_KEPT) said.add(message)
        logger[before.delete(message) ? 'debug' : level](message, context)
      }
    return {
      debug: (message, context) => logger.debug(message, context),
      info: level('info'),
      warn: level('warn'),
      error: level('error'),
    }
  }
}
