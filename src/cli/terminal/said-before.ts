import type { Logger } from '../../types/clock.js'

/** Few things are said before a try fails; the one that does not fail may go on for years. */
const MOST_KEPT = 100

/** Tries that begin alike say the same things: each is said by the first of them, and again as `debug`. */
export class SaidBefore {
  private readonly logger: Logger
  private readonly said = new Set<string>()

  constructor(logger: Logger) {
    this.logger = logger
  }

  /** The logger of one more try: what an earlier one said, it says once more as `debug`, and after that as it is. */
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
