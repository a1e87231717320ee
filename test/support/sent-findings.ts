import { type ConfiguredModule, defineModule, runModules } from '../../src/modules/index.js'
import type { Clock } from '../../src/types/clock.js'
import { systemClock } from '../../src/util/clock.js'
import { PageSource } from './acknowledged-source.js'
import { madeCertificates } from './module-certificates.js'

/** Controls, quotes, brackets, a right-to-left override. */
const text = '=cmd "x" [y] \\z\r\n\x1b[31m<b>\u202e@everyone'

/** An output that gives up at once. */
export const once = { limits: { attempts: 1 } }

/** Reports every certificate. */
export const reporter = defineModule({
  name: 'reporter',
  onBatch(certificates, { emit }) {
    for (const certificate of certificates)
      emit({ kind: 'seen', subject: text, severity: 'high', reason: text, certificate })
  },
})

/** Deadlines never come; each wait between two attempts is a call. */
export const clockOf = (onWait: () => void | Promise<void>, now = () => Date.now()) => ({
  now,
  sleep: async (ms: number, signal?: AbortSignal) => {
    if (ms >= 20_000) await new Promise<void>((_, reject) => signal?.addEventListener('abort', reject))
    else await onWait()
  },
})

/** Sends findings of so many certificates; returns the error that ended the run. */
export async function send(output: ConfiguredModule, count = 3, clock: Clock = systemClock) {
  const { done } = runModules(new PageSource([madeCertificates(count)]), [reporter, output], {
    drainTimeoutMs: 0,
    random: () => 0,
    clock,
  })
  return done.then(
    () => undefined,
    (error: Error) => error,
  )
}
