import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../types/clock.js'

/** An output of the program: `process.stdout`, or a test's stream. */
export type CliOutput = Writable & {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  /** Whether it ends inside a line, which somebody has not finished. Default: never. */
  readonly isInLine?: () => Promise<boolean>
}

/** The input of the program: `process.stdin`, or a test's stream. */
export type CliInput = Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown }

/** The environment of the command line; only process.ts takes it from `process`. */
export interface CliIo {
  /** Arguments after the program's name. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: CliInput
  readonly stdout: CliOutput
  readonly stderr: CliOutput
  /** Whether stdout is a pipe: its reader may write to the same terminal as stderr, in the middle of the status line. */
  readonly isPiped?: boolean
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP: finish, commit, leave. */
  readonly stop: AbortSignal
  readonly clock: Clock
  /** Whether a process is running; `undefined` when unknown, as for one on another host. */
  readonly isRunning: (process: { readonly pid: number; readonly host: string }) => boolean | undefined
  /** The bytes of a file; rejects with Node's error, or with `CT_OPTION_INVALID` for one that is too large. */
  readonly readFile: (path: string, maxBytes: number) => Promise<Uint8Array>
}
