import type { CtStreamError } from '../errors.js'
import { isDisproof } from '../poll/log-requests.js'
import { backoffDelay } from '../util/backoff.js'
import { GaveUp } from './giving-up.js'

/** Attempts, the last ones on fresh connections, before a contradiction is laid at the log's door and not a gateway's. */
const DISPROOFS_BEFORE_ACCUSING = 3
const BEFORE_ACCUSING = { baseMs: 1_000, maxMs: 10_000 }
const AFTER_ACCUSING = { baseMs: 300_000, maxMs: 3_600_000 }

/** What is done about an answer that contradicts what the log signed. */
export interface Contradicted {
  /** It is trouble, whoever is to blame. */
  trouble(error: CtStreamError): void
  /** Holds it against the log. */
  accuse(error: CtStreamError): Promise<void>
  /** Goes back to what is proven, to ask for everything since past all caches. */
  rewind(): void
  sleep(ms: number): Promise<void>
  /** Whether the log is given up once it is accused: waiting for ever would keep a stream with an end from ending. */
  readonly givesUp: boolean
  /** Uniform in [0, 1). */
  readonly random: () => number
}

/**
 * Runs a step until what it brings is proven; what contradicts a signature is asked for again, then held against the log.
 *
 * @param step - Told whether it is a repetition.
 * @throws {@link GaveUp} when the log is given up; what else the step throws.
 */
export async function untilProven(
  step: (again: boolean) => Promise<void>,
  { trouble, accuse, rewind, sleep, givesUp, random }: Contradicted,
): Promise<void> {
  for (let failures = 0; ; failures++) {
    try {
      return await step(failures > 0)
    } catch (error) {
      if (!isDisproof(error)) throw error
      trouble(error)
      const since = failures + 1 - DISPROOFS_BEFORE_ACCUSING
      if (since === 0) await accuse(error)
      rewind()
      if (since >= 0 && givesUp) throw new GaveUp(error.message)
      await sleep(
        since < 0 ? backoffDelay(BEFORE_ACCUSING, failures, random) : backoffDelay(AFTER_ACCUSING, since, random),
      )
    }
  }
}
