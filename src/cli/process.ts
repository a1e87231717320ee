import { fstatSync, type Stats } from 'node:fs'
import { hostname } from 'node:os'
import process from 'node:process'
import { readFileUpTo } from '../loglist/read-file.js'
import { quietController } from '../util/abort.js'
import { systemClock } from '../util/clock.js'
import type { Command } from './command.js'
import { type ExitStatus, runCli } from './run.js'
import { fileOutput } from './terminal/file-output.js'
import { holdYoungSpace } from './young-space.js'

/** After a signal, everything must be over by then, milliseconds; 5 s are promised. */
const DEADLINE_MS = 4500
const signals = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const

/** Runs the command line in this process and ends it. The only place that reads `process`. */
export async function runProcess(commands: readonly Command[]): Promise<never> {
  holdYoungSpace([...process.execArgv, process.env.NODE_OPTIONS ?? ''])
  // stderr is closed: there is nobody to report to.
  process.stderr.on('error', () => {})
  const stdout = statsOf(1)
  let lateStatus: ExitStatus = 1
  const status = await runCli(
    {
      argv: process.argv.slice(2),
      env: process.env,
      stdin: process.stdin,
      stdout: stdout?.isFile() ? fileOutput(1) : process.stdout,
      stderr: process.stderr,
      isPiped: stdout?.isFIFO() ?? false,
      stop: stopSignal(() => lateStatus),
      clock: systemClock,
      isRunning,
      readFile: readFileUpTo,
    },
    commands,
    ({ whenStopped }) => {
      lateStatus = whenStopped === 'done' ? 0 : 1
    },
  )
  // Exits in spite of lingering sockets, once stderr has taken the last message.
  await new Promise<void>((done) => process.stderr.write('', () => done()))
  process.exit(status)
}

/**
 * Aborts at the first SIGINT, SIGTERM or SIGHUP; the second one ends the process at once.
 *
 * @param lateStatus - The status with which it ends at the deadline.
 */
function stopSignal(lateStatus: () => ExitStatus): AbortSignal {
  const stop = quietController()
  for (const [signal, status] of Object.entries(signals)) {
    process.on(signal, () => {
      if (stop.signal.aborted) process.exit(status)
      stop.abort()
      setTimeout(() => process.exit(lateStatus()), DEADLINE_MS).unref()
    })
  }
  return stop.signal
}

/** `undefined` when it is closed. */
function statsOf(descriptor: number): Stats | undefined {
  try {
    return fstatSync(descriptor)
  } catch {
    return undefined
  }
}

/** Signal 0 only tests for existence: EPERM means that the process exists, but belongs to another user. */
function isRunning({ pid, host }: { readonly pid: number; readonly host: string }): boolean | undefined {
  if (host !== hostname()) return undefined
  try {
    return process.kill(pid, 0)
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'EPERM'
  }
}
