import { describe, expect, it } from 'vitest'
import { checkpointChecksum } from '../../../src/checkpoint/checksum.js'
import type { LogCheckpoint } from '../../../src/types/checkpoint.js'

const hash = (byte: number) => new Uint8Array(32).fill(byte)
const log = { id: 'bG9nIG9uZQ==', description: '', operator: '', kind: 'static-ct', url: '' } as const

describe('the checksum of a row', () => {
  // GNU coreutils 9.1, after the rule in the documentation of LogCheckpoint:
  //   one=$(printf '11%.0s' $(seq 32)) two=$(printf '22%.0s' $(seq 32)) three=$(printf '33%.0s' $(seq 32))
  //   printf 'ct-stream checkpoint 1\n"bG9nIG9uZQ=="\n6\n%s,%s\n7 1790000000000 %s 04030001ff\n8 1790000000001 %s 0403\n' \
  //     $one $two $three $one | sha256sum | cut -c1-32
  //   printf 'ct-stream checkpoint 1\n"bG9nIG9uZQ=="\n0\n\n-\n' | sha256sum | cut -c1-32
  //   printf 'ct-stream checkpoint 1\n"bG9nIG9uZQ=="\n0\n-\n-\n' | sha256sum | cut -c1-32
  const rows: readonly (readonly [string, Omit<LogCheckpoint, 'log' | 'learned'>])[] = [
    [
      'b116821749c769436588c79dcedb0c59',
      {
        position: 6,
        range: [hash(0x11), hash(0x22)],
        verifiedHead: {
          treeSize: 7,
          timestamp: 1_790_000_000_000,
          rootHash: hash(0x33),
          signature: Uint8Array.of(4, 3, 0, 1, 255),
        },
        pendingHeads: [
          { treeSize: 8, timestamp: 1_790_000_000_001, rootHash: hash(0x11), signature: Uint8Array.of(4, 3) },
        ],
      },
    ],
    ['8dc46143b805264464264beef2c1cbf8', { position: 0, range: [], verifiedHead: undefined, pendingHeads: [] }],
    ['1f26062fa4b66744c1a2dd01d4b91217', { position: 0, range: undefined, verifiedHead: undefined, pendingHeads: [] }],
  ]
  it.each(rows)('is %s, as sha256sum computes it', (expected, row) => {
    expect(checkpointChecksum({ log, learned: {}, ...row })).toBe(expected)
  })
})
