import type { Readable, Writable } from 'node:stream'
import type { Clock } from '../types/clock.js'

/** Where the program writes: `process.stdout`, or a stream of a test. */
export type CliOutput = Writable & { readonly isTTY?: boolean; readonly columns?: number; readonly rows?: number }

/** Where the program reads: `process.stdin`, or a stream of a test. */
export type CliInput = Readable & { readonly isTTY?: boolean; setRawMode?(isRaw: boolean): unknown }

/** Everything the command line has of the world; only process.ts takes it from `process`. */
export interface CliIo {
  /** Arguments after the program's name. */
  readonly argv: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
  readonly stdin: CliInput
  readonly stdout: CliOutput
  readonly stderr: CliOutput
  /** Whether stdout is a pipe: what reads it may write to the terminal that stderr is, in the middle of a line that is kept there. */
  readonly isPiped?: boolean
  /** Aborted by the first SIGINT, SIGTERM or SIGHUP: finish, commit, leave. */
  readonly stop: AbortSignal
  readonly clock: Clock
  /** Whether a process runs; `undefined` when that cannot be told, as of one on another host. */
  readonly isRunning: (process: { readonly pid: number; readonly host: string }) => boolean | undefined
  /** The bytes of a file; rejects with Node's error, or with `CT_OPTION_INVALID` for one that is too large. */
  readonly readFile: (path: string, maxBytes: number) => Promise<Uint8Array>
}
