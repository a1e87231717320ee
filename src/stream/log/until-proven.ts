import type { CtStreamError } from '../../errors.js'
import { isDisproof } from '../../poll/log-requests.js'
import type { Doubt } from './doubt.js'
import { GaveUp } from './giving-up.js'

/** Reactions to an answer that contradicts what the log signed. */
export interface Contradicted {
  readonly doubt: Doubt
  /** Whether only entries that are proven can settle it. */
  isAboutEntries(): boolean
  /** Searches for the fault. */
  explain(error: CtStreamError): Promise<CtStreamError>
  /** Whether the signatures of heads are checked: then only the log can have made two heads that contradict each other. */
  readonly isSigned: boolean
  /** Reports it as trouble, whatever the cause. `isNews`: it was not reported yet. */
  trouble(error: CtStreamError, isNews: boolean): void
  /** Reports it as misbehaviour of the log. */
  accuse(error: CtStreamError): Promise<void>
  /**
   * Reads on without proof after the log was accused, where the caller wants that.
   * @returns Whether any entries were handed on.
   */
  goOnUnproven(error: CtStreamError): Promise<boolean>
  /** Goes back to the proven position, to request everything after it again and bypass caches. */
  rewind(): void
  sleep(ms: number): Promise<void>
  /** Milliseconds of a clock that nobody can set. */
  readonly elapsed: () => number
  /** How long it may last before the log is given up, milliseconds; infinite for ever. */
  readonly patienceMs: number
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/**
 * Runs a step until its result contradicts nothing.
 *
 * Contradictory signatures are reported as misbehaviour at once. What a cache or a gateway may have caused (entries that hash to no signed
 * root, a proof that does not verify) is requested again and again on new connections, and reported as misbehaviour only when it has
 * lasted for minutes. Then reading may go on without proof, which ends the step.
 *
 * @param step - Its argument says whether it is a repetition.
 * @throws {@link GaveUp} when the log is given up; any other error of the step.
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
      // The search failed for another reason, such as the network.
      const isBlamed = isDisproof(named) && (isSelfContradiction(named, context) || doubt.persists(elapsed()))
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

/** Whether only the log can be the cause: a fork, or a tree that lost entries, both signed. */
function isSelfContradiction({ code }: CtStreamError, { isSigned }: Contradicted): boolean {
  return isSigned && (code === 'CT_HEAD_CONFLICT' || code === 'CT_HEAD_ROLLBACK')
}
