import { describe, it } from 'vitest'
import { postgres } from './seeded-engines.js'
import { endureFaults, limitOf } from './seeded-schedule.js'

describe.skipIf(postgres.isMissing)('collectors and processors on Postgres', () => {
  it(
    'lose nothing under a schedule of faults, and repeat only what the guide says',
    () => endureFaults(postgres),
    limitOf(postgres),
  )
})
