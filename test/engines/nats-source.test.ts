import { describe } from 'vitest'
import { sourceContract } from '../support/source-contract.js'
import { noNats } from './nats-place.js'
import { natsQueue } from './nats-queue.js'

describe.skipIf(noNats)('NATS', () => {
  sourceContract('NATS', { leaseMs: 600, obeysClock: true, keepsEverything: false }, () => natsQueue())
})
