import type { Clock, Logger } from '../../types/clock.js'
import { harmless, harmlessJson } from '../../util/harmless.js'
import type { CommandContext } from '../command.js'
import type { Values } from '../flags/values.js'
import type { CliIo, CliOutput } from '../io.js'
import type { Overlay } from './output.js'
import { type Style, styleFor } from './style.js'
import { wrapWords } from './width.js'

export const logLevels = ['silent', 'error', 'warn', 'info', 'debug'] as const
export type LogLevel = (typeof logLevels)[number]

/** `--quiet` is `--log-level error`, unless the level is given too. */
export function logLevelFrom(values: Values): LogLevel {
  return values.choice('log-level', logLevels) ?? (values.switch('quiet') ? 'error' : 'warn')
}

/** The clock for timestamps of JSON messages, with `--log-format json`; `undefined` for text. */
export function jsonClock(values: Values, clock: Clock): Clock | undefined {
  return values.choice('log-format', ['text', 'json']) === 'json' ? clock : undefined
}

/** The logger of a command without a status line, as its flags want it. */
export function commandLogger({ io, values }: Pick<CommandContext, 'io' | 'values'>): Logger {
  return reporter(io.stderr, logLevelFrom(values), styleFor(io.stderr, io.env), { json: jsonClock(values, io.clock) })
}

export interface ReporterOptions {
  readonly overlay?: Overlay | undefined
  /** Clock for timestamps: messages are then JSON lines. */
  readonly json?: Clock | undefined
}

/** A logger that writes lines to stderr: `warn: message key=value`, or JSON. */
export function reporter(
  stderr: CliOutput,
  level: LogLevel,
  style: Style,
  { overlay, json }: ReporterOptions = {},
): Logger {
  const lineOf = (name: Exclude<LogLevel, 'silent'>, message: string, context?: Record<string, unknown>) =>
    json === undefined
      ? fitted(`${name}: ${reportLine(message, context)}`, stderr).replace(/^\w+:/, colourOf(name, style))
      : messageJson(name, message, json.now(), context)
  const write = (name: Exclude<LogLevel, 'silent'>, message: string, context?: Record<string, unknown>) => {
    if (logLevels.indexOf(name) > logLevels.indexOf(level)) return
    overlay?.hide()
    stderr.write(`${lineOf(name, message, context)}\n`)
    overlay?.show()
  }
  return {
    debug: (message, context) => write('debug', message, context),
    info: (message, context) => write('info', message, context),
    warn: (message, context) => write('warn', message, context),
    error: (message, context) => write('error', message, context),
  }
}

/** A message for programs: `time`, `level`, `message`, and its context; errors as `{ code, message }`. */
export function messageJson(
  level: string,
  message: string,
  now: number,
  context: Record<string, unknown> = {},
): string {
  const plain = Object.entries(context).map(([key, value]) => [key, value instanceof Error ? errorJson(value) : value])
  const json = { time: new Date(now).toISOString(), level, message, ...Object.fromEntries(plain) }
  return harmlessJson(json)
}

function errorJson(error: Error): object {
  return { code: 'code' in error ? error.code : undefined, message: error.message }
}

/** A line of a command about what it does, for people or, with `--log-format json`, for programs. With its line end. */
export function commandLine(
  { io, values }: { readonly io: Pick<CliIo, 'stderr' | 'clock'>; readonly values?: Values | undefined },
  level: 'info' | 'warn',
  message: string,
): string {
  if (values?.text('log-format') === 'json') return `${messageJson(level, message, io.clock.now())}\n`
  return `${fitted(`ct-stream: ${reportLine(message)}`, io.stderr)}\n`
}

/** A message on one line; untrusted text in it is escaped. */
export function reportLine(message: string, context: Record<string, unknown> = {}): string {
  // Most messages about requests quote the URL already.
  const isSaid = (key: string, value: unknown) => key === 'url' && message.includes(String(value))
  const pairs = Object.entries(context).filter(([key, value]) => value !== undefined && !isSaid(key, value))
  return harmless([message, ...pairs.map(([key, value]) => `${key}=${valueText(value)}`)].join(' '))
}

/** Wraps a line for a terminal; returns it unchanged for a file or a program. */
export function fitted(line: string, { isTTY, columns }: Pick<CliOutput, 'isTTY' | 'columns'>): string {
  return isTTY === true && columns ? wrapWords(line, columns).join('\n') : line
}

function valueText(value: unknown): string {
  if (value instanceof Error) return JSON.stringify(value.message)
  return JSON.stringify(value) ?? String(value)
}

function colourOf(level: Exclude<LogLevel, 'silent'>, style: Style): (text: string) => string {
  return { error: style.red, warn: style.yellow, info: style.cyan, debug: style.dim }[level]
}
