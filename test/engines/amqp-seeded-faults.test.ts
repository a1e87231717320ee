import { describe, it } from 'vitest'
import { amqp } from './seeded-engines.js'
import { endureFaults, limitOf } from './seeded-schedule.js'

describe.skipIf(amqp.isMissing)('collectors and processors on RabbitMQ', () => {
  it(
    'lose nothing under a schedule of faults, and repeat only what the guide says',
    () => endureFaults(amqp),
    limitOf(amqp),
  )
})
