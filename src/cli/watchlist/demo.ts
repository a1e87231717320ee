import { createTestLog, issueCertificates } from '../../testing/index.js'
import { Watchlist } from '../../watchlist/watchlist.js'
import type { CommandContext } from '../command.js'
import { usageError } from '../flags/usage-error.js'
import type { WatchRequest } from './request.js'
import { rulesIn } from './rules.js'
import { watchNames } from './run.js'
import { sampleNames } from './sample.js'

/** Number of irrelevant certificates, among which the relevant ones are found. */
const OTHERS = 200

/** Shows an alert from an embedded log through the configured outputs, to demonstrate what it looks like and that it arrives. */
export async function watchDemo(context: CommandContext, request: WatchRequest): Promise<void> {
  const names = sampleNames(request.rules)
  if (names.length === 0) throw usageError('--demo needs a domain or a --brand to make an alert for')
  const log = await createTestLog({ kind: 'static-ct', description: 'Demo log', operator: 'ct-stream demo' })
  try {
    const now = context.io.clock.now()
    const watchlist = Watchlist.of(rulesIn(request.rules))
    const made = [...issueCertificates(OTHERS, { seed: String(now), notBefore: new Date(now) })]
    log.add([
      ...made.filter(({ dnsNames }) => !dnsNames.some((name) => watchlist.match(name).length > 0)),
      ...issueCertificates(names.map((name) => ({ dnsNames: [name], kind: 'pair' as const }))),
    ])
    log.publish()
    // The log is local, so requests for partial tiles burden nobody.
    const all = { start: 'beginning', end: 'head', partialTileDelayMs: 0 } as const
    await watchNames(context, request, { logs: [log.spec], checkpoint: false, ...all })
  } finally {
    await log.close()
  }
}
