import { describe, it } from 'vitest'
import { nats } from './seeded-engines.js'
import { endureFaults, limitOf } from './seeded-schedule.js'

describe.skipIf(nats.isMissing)('collectors and processors on NATS', () => {
  it(
    'lose nothing under a schedule of faults, and repeat only what the guide says',
    () => endureFaults(nats),
    limitOf(nats),
  )
})
