import { z } from 'zod'
import { CtStreamError } from '../errors.js'
import type { SetupContext } from '../modules/definition.js'
import type { Logger } from '../types/clock.js'
import type { Finding } from '../types/finding.js'
import { harmlessJson } from '../util/harmless.js'
import { messageOf } from '../util/message-of.js'
import { AppendFile } from './append-file.js'
import { isTornJson } from './jsonl.js'

/** Options of outputs whose target may refuse findings. */
export const deadLetterOptions = {
  deadLetters: z
    .string()
    .min(1)
    .optional()
    .describe(
      'A file of JSON lines for what the receiver refuses for good, or did not take in `giveUpAfterMs`. Without it, it is tried for ever.',
    ),
  giveUpAfterMs: z
    .number()
    .int()
    .min(1000)
    .default(86_400_000)
    .describe('How long one request is tried, milliseconds, before what is in it goes to the dead letters.'),
}

/** The user's settings of dead letters. */
export interface DeadLetterOptions {
  readonly deadLetters?: string | undefined
  readonly giveUpAfterMs: number
}

/** The parts of the output's setup context that are needed. */
type Surroundings = Pick<SetupContext<unknown>, 'clock' | 'log' | 'countDeadLetters'>

/** Stores findings that could not be delivered, so that they are not lost and later findings can continue. */
export class DeadLetters {
  private readonly file: AppendFile | undefined
  private readonly path: string | undefined
  private readonly giveUpAfterMs: number
  private readonly log: Logger
  private readonly count: (findings: number) => void

  private constructor(path: string | undefined, giveUpAfterMs: number, { clock, log, countDeadLetters }: Surroundings) {
    const options = { rotateBytes: undefined, rotateDaily: false, gzip: false, isTorn: isTornJson }
    this.file = path === undefined ? undefined : new AppendFile({ ...options, path, clock, log })
    this.path = path
    this.giveUpAfterMs = giveUpAfterMs
    this.log = log
    this.count = countDeadLetters
  }

  /** @throws {@link CtStreamError} `CT_OUTPUT_FAILED` when the file cannot be opened. */
  static async open(
    { deadLetters, giveUpAfterMs }: DeadLetterOptions,
    surroundings: Surroundings,
  ): Promise<DeadLetters> {
    const letters = new DeadLetters(deadLetters, giveUpAfterMs, surroundings)
    await letters.file?.open()
    return letters
  }

  /** Whether findings that failed with this error are stored rather than tried again; not without an error. */
  takes(error: unknown, sinceMs: number): boolean {
    if (this.file === undefined || error === undefined) return false
    return sinceMs >= this.giveUpAfterMs || (CtStreamError.is(error) && !error.retryable)
  }

  /**
   * Stores findings that failed with `error` if a retry is pointless; otherwise throws the error.
   *
   * @param sinceMs - Time since the first attempt.
   */
  async take(findings: readonly Finding[], error: unknown, sinceMs: number): Promise<void> {
    if (!this.takes(error, sinceMs)) throw error
    const message = messageOf(error)
    await this.file?.append(findings.map((finding) => harmlessJson({ error: message, finding })))
    this.count(findings.length)
    const what = findings.length === 1 ? 'a finding, which is' : `${findings.length} findings, which are`
    this.log.error(`gave up on ${what} in ${this.path}: ${message}`)
  }

  async close(): Promise<void> {
    await this.file?.close()
  }
}
