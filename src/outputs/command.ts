import { type ChildProcess, spawn } from 'node:child_process'
import { constants } from 'node:fs'
import { access } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import process from 'node:process'
import { z } from 'zod'
import { CtStreamError } from '../errors.js'
import { defineModule } from '../modules/definition.js'
import type { Clock } from '../types/clock.js'
import type { Finding } from '../types/finding.js'
import { cutText, harmless, harmlessJson } from '../util/harmless.js'
import { deadLetterOptions } from './dead-letters.js'
import { Delivery } from './delivery.js'

const options = z.strictObject({
  command: z
    .string()
    .min(1)
    .describe('A program, by path or as PATH has it; no shell looks at it. Is run once for each finding.'),
  args: z.array(z.string()).default([]).describe('Its arguments, as they stand.'),
  ...deadLetterOptions,
})

/** Says that it will never take this finding: EX_DATAERR of sysexits.h. */
const REFUSED = 65
/** Of what the program writes to stderr, for the error message. */
const EXCERPT = 200
/** Longest value of a variable. Linux takes 128 KiB each; the finding on stdin is whole. */
const MAX_VALUE = 8192
/** Between asking a program to end and ending it. */
const GRACE_MS = 2000

/**
 * Runs a program for each finding.
 *
 * The finding is on its stdin, as one line of JSON, and in variables: `CT_FINDING_ID`, `…_MODULE`, `…_KIND`, `…_SUBJECT`,
 * `…_SEVERITY`, `…_SCORE`, `…_REASONS` (with `; `), `…_FIRST_SEEN`, `…_NAMES` (with spaces), `…_ISSUER`, `…_NOT_BEFORE`,
 * `…_NOT_AFTER`, `…_SHA256`, `…_LOG`, `…_INDEX`. Beside them it has the environment of this process. No shell is between: what a
 * stranger wrote into a certificate is never a command. In a shell script, quote the variables (`"$CT_FINDING_SUBJECT"`), and never pass
 * them to `eval`.
 *
 * Exit status 0: done. 65: it will never take this one. Anything else, a signal, or no end within `limits.timeoutMs` (default 60 s; it is
 * ended then, with all that it started): again with growing waits. Four run at the same time (`limits.concurrency`). With `deadLetters`,
 * what is refused or did not succeed in `giveUpAfterMs` goes there. A finding may come again after a restart, with the same id.
 */
export const command = defineModule({
  name: 'command',
  description: 'a program for each finding',
  options,
  acknowledge: true,
  limits: { concurrency: 4, timeoutMs: 60_000 },
  async setup(context) {
    // Not to be found out with the first alert, weeks from now.
    await findProgram(context.options.command, process.env.PATH ?? '')
    return Delivery.open(context)
  },
  onFinding: (finding, { options: { command, args }, state, signal, sinceMs, clock }) =>
    state.send([finding], sinceMs, () => run(command, args, finding, signal, clock)),
  teardown: ({ state }) => state.close(),
})

export default command

async function run(
  command: string,
  args: readonly string[],
  finding: Finding,
  signal: AbortSignal,
  clock: Clock,
): Promise<void> {
  signal.throwIfAborted()
  // In a group of its own: an interrupt at the terminal ends this process in good order, and not what it has begun.
  const child = spawn(command, args, {
    env: { ...process.env, ...variablesOf(finding) },
    stdio: ['pipe', 'ignore', 'pipe'],
    detached: process.platform !== 'win32',
    windowsHide: true,
  })
  const giveUp = () => void end(child, clock)
  signal.addEventListener('abort', giveUp, { once: true })
  let said = ''
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < EXCERPT * 4) said += text.slice(0, EXCERPT * 4)
  })
  // It need not read what it is given.
  child.stdin.on('error', () => {})
  child.stdin.end(`${harmlessJson(finding)}\n`)
  try {
    const status = await statusOf(child)
    if (status === 0) return
    const words = cutText(harmless(said.trim()), EXCERPT)
    throw failed(command, `ended with ${status}${words === '' ? '' : `: ${words}`}`, status !== REFUSED)
  } finally {
    signal.removeEventListener('abort', giveUp)
    // What it left running may hold it open.
    child.stderr.destroy()
  }
}

/** Its exit status, or the name of the signal that ended it. */
function statusOf(child: ChildProcess): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause: NodeJS.ErrnoException) =>
      reject(failed(child.spawnfile, `cannot be run: ${cause.message}`, cause.code !== 'E2BIG', cause)),
    )
    // Not `close`, for which everything that it started would have to end; what it said on stderr is here a turn later.
    child.once('exit', (code, signal) => setImmediate(() => resolve(code ?? signal ?? 'no status')))
  })
}

/** Asks it, and all that it started, to end; then ends them. */
async function end(child: ChildProcess, clock: Clock): Promise<void> {
  kill(child, 'SIGTERM')
  await clock.sleep(GRACE_MS)
  kill(child, 'SIGKILL')
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (process.platform === 'win32' || child.pid === undefined) child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {} // there is nobody left
}

function variablesOf(finding: Finding): Record<string, string> {
  const { certificate: c } = finding
  const values = {
    ID: finding.id,
    MODULE: finding.module,
    KIND: finding.kind,
    SUBJECT: finding.subject,
    SEVERITY: finding.severity,
    SCORE: String(finding.score),
    REASONS: finding.reasons.map(({ text }) => text).join('; '),
    FIRST_SEEN: finding.firstSeen,
    NAMES: c.dnsNames.join(' '),
    ISSUER: c.issuer.text,
    NOT_BEFORE: c.notBefore ?? '',
    NOT_AFTER: c.notAfter ?? '',
    SHA256: c.sha256 ?? '',
    LOG: c.log.url,
    INDEX: String(c.index),
  }
  // A variable can hold anything but a NUL; a terminal should not be shown everything.
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`CT_FINDING_${name}`, cutText(harmless(value), MAX_VALUE)]),
  )
}

/** @throws {@link CtStreamError} `CT_OUTPUT_FAILED` when there is none that may be run. */
async function findProgram(command: string, path: string): Promise<void> {
  // Windows has rules of its own.
  if (process.platform === 'win32') return
  const candidates = command.includes('/')
    ? [command]
    : path.split(delimiter).flatMap((folder) => (folder === '' ? [] : [join(folder, command)]))
  for (const file of candidates) {
    const isThere = await access(file, constants.X_OK).then(
      () => true,
      () => false,
    )
    if (isThere) return
  }
  const how = command.includes('/') ? 'it is no program' : 'PATH has no such program'
  const words = /\s/.test(command) ? '; its arguments go into an option of their own (`args`, --exec-arg)' : ''
  throw failed(command, `cannot be run: ${how}${words}`, false)
}

function failed(command: string, problem: string, retryable: boolean, cause?: unknown): CtStreamError {
  return new CtStreamError('CT_OUTPUT_FAILED', `command ${command} ${problem}`, { retryable, cause })
}
