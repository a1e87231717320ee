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

/** Exit status by which a program refuses a finding for good: EX_DATAERR of sysexits.h. */
const REFUSED = 65
/** Most bytes of the program's stderr in the error message. */
const EXCERPT = 200
/** Longest value of a variable. Linux allows 128 KiB each; the finding on stdin is complete. */
const MAX_VALUE = 8192
/** Time between SIGTERM and SIGKILL, milliseconds. */
const GRACE_MS = 2000

/**
 * Runs a program for each finding.
 *
 * The finding is on its stdin, as one line of JSON, and in variables: `CT_FINDING_ID`, `…_MODULE`, `…_KIND`, `…_SUBJECT`,
 * `…_SEVERITY`, `…_SCORE`, `…_REASONS` (with `; `), `…_FIRST_SEEN`, `…_NAMES` (with spaces), `…_ISSUER`, `…_NOT_BEFORE`,
 * `…_NOT_AFTER`, `…_SHA256`, `…_LOG`, `…_INDEX`. It also gets the environment of this process. No shell is involved, so a stranger's text
 * in a certificate is never run as a command. In a shell script, quote the variables (`"$CT_FINDING_SUBJECT"`), and never pass
 * them to `eval`.
 *
 * Exit status 0: done. 65: the program refuses this finding for good. Any other status, a signal, or a timeout (`limits.timeoutMs`, default
 * 60 s, after which the program and all its children are killed): it is run again after growing waits. Up to four run at the same time
 * (`limits.concurrency`). With `deadLetters`, findings that are refused, or do not succeed within `giveUpAfterMs`, go there. A finding may
 * come again after a restart, with the same id.
 */
export const command = defineModule({
  name: 'command',
  description: 'a program for each finding',
  options,
  acknowledge: true,
  limits: { concurrency: 4, timeoutMs: 60_000 },
  async setup(context) {
    // Fails now rather than with the first alert, weeks later.
    await findProgram(context.options.command, process.env.PATH ?? '')
    return Delivery.open(context)
  },
  onFinding: (finding, { options: { command, args }, state, signal, sinceMs, clock }) =>
    state.send([finding], { signal, sinceMs }, () => run(command, args, finding, signal, clock)),
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
  const child = start(command, args, variablesOf(finding))
  // At once: a child that could not be started says so in the next tick, and an error that nobody listens to ends the process.
  const ended = statusOf(child, command)
  const giveUp = () => void end(child, clock)
  signal.addEventListener('abort', giveUp, { once: true })
  let said = ''
  // Without a free file descriptor there are no streams.
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    if (said.length < EXCERPT * 4) said += text.slice(0, EXCERPT * 4)
  })
  // The program need not read its stdin.
  child.stdin?.on('error', () => {})
  child.stdin?.end(`${harmlessJson(finding)}\n`)
  try {
    const status = await ended
    if (status === 0) return
    const words = cutText(harmless(said.trim()), EXCERPT)
    throw failed(command, `ended with ${status}${words === '' ? '' : `: ${words}`}`, status !== REFUSED)
  } finally {
    signal.removeEventListener('abort', giveUp)
    // Children still running may hold stderr open.
    child.stderr?.destroy()
  }
}

/** @throws {@link CtStreamError} `CT_OUTPUT_FAILED`, for some reasons; for others the child emits `error`. */
function start(command: string, args: readonly string[], variables: Record<string, string>): ChildProcess {
  try {
    return spawn(command, args, {
      env: { ...process.env, ...variables },
      stdio: ['pipe', 'ignore', 'pipe'],
      // In a process group of its own, so that an interrupt at the terminal does not kill it while this process shuts down in order.
      detached: process.platform !== 'win32',
      windowsHide: true,
    })
  } catch (cause) {
    throw notRun(command, cause as NodeJS.ErrnoException)
  }
}

/** Resolves with the exit status, or the name of the signal that ended the program. */
function statusOf(child: ChildProcess, command: string): Promise<number | string> {
  return new Promise((resolve, reject) => {
    child.once('error', (cause) => reject(notRun(command, cause)))
    // Not `close`, which waits for its children too; its stderr arrives one turn of the event loop later.
    child.once('exit', (code, signal) => setImmediate(() => resolve(code ?? signal ?? 'no status')))
  })
}

/** Terminates the program and its children, then kills them. */
async function end(child: ChildProcess, clock: Clock): Promise<void> {
  kill(child, 'SIGTERM')
  await clock.sleep(GRACE_MS)
  kill(child, 'SIGKILL')
}

function kill(child: ChildProcess, signal: NodeJS.Signals): void {
  try {
    if (process.platform === 'win32' || child.pid === undefined) child.kill(signal)
    else process.kill(-child.pid, signal)
  } catch {} // nothing of the group is left
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
  // Escaped, because a script may print a variable to a terminal, and because a variable cannot hold a NUL.
  return Object.fromEntries(
    Object.entries(values).map(([name, value]) => [`CT_FINDING_${name}`, cutText(harmless(value), MAX_VALUE)]),
  )
}

/** @throws {@link CtStreamError} `CT_OUTPUT_FAILED` when there is no such executable program. */
async function findProgram(command: string, path: string): Promise<void> {
  // Windows has other rules for finding programs.
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

/** Too long an argument or environment will be too long the next time. */
function notRun(command: string, cause: NodeJS.ErrnoException): CtStreamError {
  return failed(command, `cannot be run: ${cause.message}`, cause.code !== 'E2BIG', cause)
}

function failed(command: string, problem: string, retryable: boolean, cause?: unknown): CtStreamError {
  return new CtStreamError('CT_OUTPUT_FAILED', `command ${command} ${problem}`, { retryable, cause })
}
