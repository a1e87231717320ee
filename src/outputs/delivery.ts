import type { ModuleContext, SetupContext } from '../modules/definition.js'
import type { ModuleCall } from '../modules/module-call.js'
import type { Finding } from '../types/finding.js'
import { sha256Hex } from '../util/hash.js'
import { type DeadLetterOptions, DeadLetters } from './dead-letters.js'

/** The parts of a handler's context that are needed. */
type Call = Pick<ModuleContext<unknown, unknown>, 'signal' | 'sinceMs'>

/**
 * Delivers findings to a target that may refuse them, be unavailable for a while, or not answer at all.
 *
 * Nobody takes the result of a call that has timed out: its work comes again. Such a call therefore stores no dead letters; what it would
 * have stored, the next call does.
 */
export class Delivery {
  private readonly deadLetters: DeadLetters
  private readonly mayTakeFewer: (error: unknown) => boolean
  /** Findings delivered or stored as dead letters, of work that may come again because of others in it. */
  private readonly done = new WeakSet<Finding>()
  /** Findings that are being stored, by the first of those sent together: a slow disk may take longer than the call has. */
  private readonly storing = new WeakMap<Finding, Promise<void>>()
  /** Errors after which a retry is pointless, of calls that were over; by the first finding of those sent together. */
  private readonly late = new WeakMap<Finding, unknown>()
  /** How many are sent together from this finding on, of a batch that was refused: the same parts in every attempt. */
  private readonly parts = new WeakMap<Finding, number>()

  /**
   * @param mayTakeFewer - Whether the receiver refused with this error what it was sent, so that it may take some of it. Default: never.
   * @throws {@link CtStreamError} `CT_OUTPUT_FAILED` when the file of dead letters cannot be opened.
   */
  static async open(
    context: Pick<SetupContext<DeadLetterOptions>, 'options' | 'clock' | 'log' | 'countDeadLetters'>,
    mayTakeFewer: (error: unknown) => boolean = () => false,
  ): Promise<Delivery> {
    return new Delivery(await DeadLetters.open(context.options, context), mayTakeFewer)
  }

  private constructor(deadLetters: DeadLetters, mayTakeFewer: (error: unknown) => boolean) {
    this.deadLetters = deadLetters
    this.mayTakeFewer = mayTakeFewer
  }

  /**
   * Sends findings together, unless that is done. Those refused, or undelivered for too long, go to the dead letters if there are any; else
   * the error is thrown.
   *
   * @param findings - The same ones together in every attempt.
   */
  async send(findings: readonly Finding[], { signal, sinceMs }: Call, send: () => Promise<void>): Promise<void> {
    signal.throwIfAborted()
    const [first] = findings
    if (first === undefined) return
    // Also where it failed: this call tries again.
    await this.storing.get(first)?.catch(() => {})
    if (findings.every((finding) => this.done.has(finding))) return
    const late = this.late.get(first)
    if (this.deadLetters.takes(late, sinceMs)) await this.store(first, findings, late, sinceMs)
    else await this.attempt(first, findings, { signal, sinceMs }, send)
    for (const finding of findings) this.done.add(finding)
  }

  /**
   * Sends findings `size` at a time. Called again because one batch failed, it does not repeat those that were delivered.
   *
   * A batch that is refused for what is in it is sent in halves, and these again, until what is refused is a single finding: nothing else shares
   * its fate. That takes fewer than two requests a finding where all are refused, and some 2 log2(`size`) for one of them.
   *
   * @param send - Gets a batch and its key of 32 hex digits, the same in every attempt.
   */
  async sendBatches(
    findings: readonly Finding[],
    size: number,
    call: Call & Partial<Pick<ModuleCall, 'goTo'>>,
    send: (batch: readonly Finding[], key: string) => Promise<void>,
  ): Promise<void> {
    for (let at = 0; at < findings.length; ) {
      const batch = findings.slice(at, at + (this.parts.get(findings[at] as Finding) ?? size))
      call.goTo?.(at, batch.length)
      try {
        await this.send(batch, call, () => send(batch, keyOf(batch)))
        at += batch.length
      } catch (error) {
        if (call.signal.aborted || !this.isHalved(batch)) throw error
      }
    }
  }

  async close(): Promise<void> {
    await this.deadLetters.close()
  }

  private async store(first: Finding, findings: readonly Finding[], error: unknown, sinceMs: number): Promise<void> {
    const stored = this.deadLetters.take(findings, error, sinceMs).then(() => {
      for (const finding of findings) this.done.add(finding)
    })
    this.storing.set(first, stored)
    try {
      await stored
    } finally {
      this.storing.delete(first)
    }
  }

  private async attempt(
    first: Finding,
    findings: readonly Finding[],
    { signal, sinceMs }: Call,
    send: () => Promise<void>,
  ): Promise<void> {
    // When the call is over, not when `send` comes back: the next call may have begun by then.
    const onAbort = () => this.keep(first, signal.reason, sinceMs)
    signal.addEventListener('abort', onAbort, { once: true })
    try {
      await send()
    } catch (error) {
      if (this.halve(findings, error)) throw error
      if (!signal.aborted) return await this.store(first, findings, error, sinceMs)
      this.keep(first, error, sinceMs)
      throw error
    } finally {
      signal.removeEventListener('abort', onAbort)
    }
  }

  /** Has findings sent in two parts from now on, if the receiver may take one of them. */
  private halve(findings: readonly Finding[], error: unknown): boolean {
    if (findings.length < 2 || !this.mayTakeFewer(error)) return false
    const half = Math.ceil(findings.length / 2)
    this.parts.set(findings[0] as Finding, half)
    this.parts.set(findings[half] as Finding, findings.length - half)
    return true
  }

  private isHalved([first, ...others]: readonly Finding[]): boolean {
    return (this.parts.get(first as Finding) ?? Infinity) <= others.length
  }

  /** Leaves an error to the next call, unless that is to try again. */
  private keep(first: Finding, error: unknown, sinceMs: number): void {
    if (this.late.has(first) || !this.deadLetters.takes(error, sinceMs)) return
    this.late.set(first, error)
  }
}

function keyOf(findings: readonly Finding[]): string {
  return sha256Hex(Buffer.from(findings.map(({ id }) => id).join(' '))).slice(0, 32)
}
