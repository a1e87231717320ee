import type { CtStreamError } from '../../errors.js'
import { isDisproof } from '../../poll/log-requests.js'
import type { Doubt } from './doubt.js'
import { GaveUp } from './giving-up.js'

/** What is done about an answer that contradicts what the log signed. */
export interface Contradicted {
  readonly doubt: Doubt
  /** Whether only entries that are proven can settle it. */
  isAboutEntries(): boolean
  /** Finds out what is at fault. */
  explain(error: CtStreamError): Promise<CtStreamError>
  /** Whether only the log can have made it so: signatures of its own contradict each other. */
  isCertain(error: CtStreamError): boolean
  /** It is trouble, whoever is to blame; `isNews`: it was not told of yet. */
  trouble(error: CtStreamError, isNews: boolean): void
  /** Holds it against the log. */
  accuse(error: CtStreamError): Promise<void>
  /**
   * Reading goes on without proof after the log was accused, where the caller wants that.
   * @returns Whether it got any further.
   */
  goOnUnproven(error: CtStreamError): Promise<boolean>
  /** Goes back to what is proven, to ask for everything since past all caches. */
  rewind(): void
  sleep(ms: number): Promise<void>
  /** Milliseconds by a clock that nobody sets. */
  readonly elapsed: () => number
  /** How long it may last before the log is given up; infinite: for ever. Milliseconds. */
  readonly patienceMs: number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/**
 * Runs a step until what it brings contradicts nothing.
 *
 * What signatures contradict is held against the log at once. What a cache or a gateway can have done (entries that hash to no
 * signed root, a proof that proves nothing) is asked for again on fresh connections, steadily, and held against the log only when
 * it has lasted for minutes. Then reading may go on without proof, which ends the step.
 *
 * @param step - Told whether it is a repetition.
 * @throws {@link GaveUp} when the log is given up; what else the step throws.
 */
export async function untilProven(step: (again: boolean) => Promise<void>, context: Contradicted): Promise<void> {
  const { doubt, elapsed, patienceMs, random } = context
  for (let again = false; ; again = true) {
    try {
      return await step(again)
    } catch (error) {
      if (!isDisproof(error)) throw error
      doubt.contradicted(elapsed(), context.isAboutEntries())
      const named = doubt.isWorthALook(elapsed()) ? await context.explain(error) : (doubt.named ?? error)
      context.trouble(named, doubt.name(named))
      // What is no disproof after all is the fault of something else.
      const isBlamed = isDisproof(named) && (context.isCertain(named) || doubt.persists(elapsed()))
      if (isBlamed && !doubt.accused) await context.accuse(named)
      const isPassed = doubt.accused && isDisproof(named) && (await context.goOnUnproven(named))
      context.rewind()
      if (isPassed) return
      const left = patienceMs - (elapsed() - (doubt.since ?? 0))
      if (left <= 0) throw new GaveUp(named.message)
      await context.sleep(Math.min(left, doubt.delayMs(random)))
    }
  }
}
