import { describe } from 'vitest'
import { sourceContract } from '../support/source-contract.js'
import { noNats } from './nats-place.js'
import { natsQueue } from './nats-queue.js'

describe.skipIf(noNats)('NATS', () => {
  const lacks = { damage: 'a message in a stream cannot be changed' }
  sourceContract('NATS', { leaseMs: 600, obeysClock: true, keepsEverything: false, lacks }, () => natsQueue())
})
