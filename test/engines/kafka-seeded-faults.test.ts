import { describe, it } from 'vitest'
import { kafka } from './seeded-engines.js'
import { endureFaults, limitOf } from './seeded-schedule.js'

describe.skipIf(kafka.isMissing)('collectors and processors on Kafka alone', () => {
  it(
    'lose nothing under a schedule of faults, and repeat only what the guide says',
    () => endureFaults(kafka),
    limitOf(kafka),
  )
})
