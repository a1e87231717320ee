import type { Logger } from '../types/clock.js'

/** A logger that puts a module's name before each message. */
export function prefixedLogger(logger: Logger | undefined, name: string): Logger {
  const say =
    (level: keyof Logger) =>
    (message: string, context?: Record<string, unknown>): void =>
      logger?.[level](`[${name}] ${message}`, context)
  return { debug: say('debug'), info: say('info'), warn: say('warn'), error: say('error') }
}
