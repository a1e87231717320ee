import { describe } from 'vitest'
import { sourceContract } from '../support/source-contract.js'
import { noRedis } from './redis-place.js'
import { redisQueue } from './redis-queue.js'

describe.skipIf(noRedis)('Redis', () => {
  sourceContract('Redis', { leaseMs: 600, obeysClock: true, keepsEverything: false }, () => redisQueue())
})
