import type { Logger } from '../../types/clock.js'
import type { Values } from '../flags/values.js'
import type { CliOutput } from '../io.js'
import type { Overlay } from './output.js'
import { sanitize } from './sanitize.js'
import type { Style } from './style.js'

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** `--quiet` is `--log-level error`, unless the level is given too. */
export function logLevelFrom(values: Values): LogLevel {
  return values.choice('log-level', logLevels) ?? (values.switch('quiet') ? 'error' : 'warn')
}

/** A logger that writes lines to stderr: `warn: message key=value`. */
export function reporter(stderr: CliOutput, level: LogLevel, style: Style, overlay?: Overlay): Logger {
  const write = (name: Exclude<LogLevel, 'silent'>, message: string, context?: Record<string, unknown>) => {
    if (logLevels.indexOf(name) > logLevels.indexOf(level)) return
    overlay?.hide()
    stderr.write(`${colourOf(name, style)(`${name}:`)} ${reportLine(message, context)}\n`)
    overlay?.show()
  }
  return {
    debug: (message, context) => write('debug', message, context),
    info: (message, context) => write('info', message, context),
    warn: (message, context) => write('warn', message, context),
    error: (message, context) => write('error', message, context),
  }
}

/** One line; what a log sent cannot leave it. */
export function reportLine(message: string, context: Record<string, unknown> = {}): string {
  const pairs = Object.entries(context).filter(([, value]) => value !== undefined)
  return sanitize([message, ...pairs.map(([key, value]) => `${key}=${valueText(value)}`)].join(' '))
}

function valueText(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message)
  return JSON.stringify(value) ?? String(value)
}

function colourOf(level: Exclude<LogLevel, 'silent'>, style: Style): (text: string) => string {
  return { error: style.red, warn: style.yellow, info: style.cyan, debug: style.dim }[level]
}
