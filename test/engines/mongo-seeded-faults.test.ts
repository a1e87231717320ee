import { describe, it } from 'vitest'
import { mongo } from './seeded-engines.js'
import { endureFaults, limitOf } from './seeded-schedule.js'

describe.skipIf(mongo.isMissing)('collectors on MongoDB', () => {
  it(
    'lose nothing under a schedule of faults, and repeat only what the guide says',
    () => endureFaults(mongo),
    limitOf(mongo),
  )
})
