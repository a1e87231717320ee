import type { SetupContext } from '../modules/definition.js'
import type { Finding } from '../types/finding.js'
import { sha256Hex } from '../util/hash.js'
import { type DeadLetterOptions, DeadLetters } from './dead-letters.js'

/** How an output gives findings to somebody who may refuse them, or take nothing for a while. */
export class Delivery {
  private readonly deadLetters: DeadLetters
  /** Batches that were taken, of work that is tried again for the sake of others. */
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
   * Sends findings at once. What is refused, or was for too long, goes to the dead letters, where there are some; else the error is thrown.
   *
   * @param sinceMs - How long it has been tried.
   */
  async send(findings: readonly Finding[], sinceMs: number, send: () => Promise<void>): Promise<void> {
    try {
      await send()
    } catch (error) {
      await this.deadLetters.take(findings, error, sinceMs)
    }
  }

  /**
   * Sends findings `size` at a time, each batch once, even if this is called again because a later one failed.
   *
   * @param send - Gets a batch and its key, 32 hex digits: the same in every attempt.
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
