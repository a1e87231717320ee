import type { SetupContext } from '../modules/definition.js'
import type { Finding } from '../types/finding.js'
import { sha256Hex } from '../util/hash.js'
import { type DeadLetterOptions, DeadLetters } from './dead-letters.js'

/** Delivers findings to a target that may refuse them, or be unavailable for a while. */
export class Delivery {
  private readonly deadLetters: DeadLetters
  /** Batches already delivered of work that is retried because another batch failed. */
  private readonly sent = new Set<string>()

  /** @throws {@link CtStreamError} `CT_OUTPUT_FAILED` when the file of dead letters cannot be opened. */
  static async open(
    context: Pick<SetupContext<DeadLetterOptions>, 'options' | 'clock' | 'log' | 'countDeadLetters'>,
  ): Promise<Delivery> {
    return new Delivery(await DeadLetters.open(context.options, context))
  }

  private constructor(deadLetters: DeadLetters) {
    this.deadLetters = deadLetters
  }

  /**
   * Sends findings together. Those refused, or undelivered for too long, go to the dead letters if there are any; else the error is thrown.
   *
   * @param sinceMs - Time since the first attempt.
   */
  async send(findings: readonly Finding[], sinceMs: number, send: () => Promise<void>): Promise<void> {
    try {
      await send()
    } catch (error) {
      await this.deadLetters.take(findings, error, sinceMs)
    }
  }

  /**
   * Sends findings `size` at a time. Called again because one batch failed, it does not repeat those that were delivered.
   *
   * @param send - Gets a batch and its key of 32 hex digits, the same in every attempt.
   */
  async sendBatches(
    findings: readonly Finding[],
    size: number,
    sinceMs: number,
    send: (batch: readonly Finding[], key: string) => Promise<void>,
  ): Promise<void> {
    for (let i = 0; i < findings.length; i += size) {
      const batch = findings.slice(i, i + size)
      const key = sha256Hex(Buffer.from(batch.map(({ id }) => id).join(' '))).slice(0, 32)
      if (this.sent.has(key)) continue
      await this.send(batch, sinceMs, () => send(batch, key))
      this.sent.add(key)
    }
    this.sent.clear()
  }

  async close(): Promise<void> {
    await this.deadLetters.close()
  }
}
