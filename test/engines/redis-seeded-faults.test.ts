import { describe, it } from 'vitest'
import { redis } from './seeded-engines.js'
import { endureFaults, limitOf } from './seeded-schedule.js'

describe.skipIf(redis.isMissing)('collectors and processors on Redis', () => {
  it(
    'lose nothing under a schedule of faults, and repeat only what the guide says',
    () => endureFaults(redis),
    limitOf(redis),
  )
})
