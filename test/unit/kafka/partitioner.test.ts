import { compatibilityPartitioner } from '@platformatic/kafka'
import { describe, expect, it } from 'vitest'
import { rememberedPartitioner } from '../../../src/kafka/fenced-producer.js'

describe('the partition of a key', () => {
  // Apache Kafka, UtilsTest.testMurmur2; BuiltInPartitioner.partitionForKey takes the hash without its sign.
  it.each([
    ['21', -973932308],
    ['foobar', -790332482],
    ['a-little-bit-long-string', -985981536],
    ['a-little-bit-longer-string', -1486304829],
    ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ['abc', 479470107],
  ])('is that of Java for %s', (key, hash) => {
    const partitionOf = rememberedPartitioner({ compatibilityPartitioner })
    const bytes = Buffer.from(key)
    const expected = (hash & 0x7fffffff) % 12
    expect([partitionOf(undefined, bytes) % 12, partitionOf(undefined, bytes) % 12]).toEqual([expected, expected])
  })
})
