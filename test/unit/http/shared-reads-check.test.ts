import type { Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { SharedReads } from '../../../src/http/shared-reads.js'
import { mayShareReads, sharesSafely } from '../../../src/http/shared-reads-check.js'

/** Shared reads on a runtime that calls back in another way. */
function changed(change: (onread: SharedReads['onread']) => object): SharedReads {
  return new (class extends SharedReads {
    override get onread(): SharedReads['onread'] {
      return change(super.onread) as SharedReads['onread']
    }
  })()
}

describe('shared reads, before they are used', () => {
  it('are found good on this Node, once', async () => {
    expect(await sharesSafely(new SharedReads(), 15_000)).toBe(true)
    expect(mayShareReads()).toBe(mayShareReads())
  })

  it.each<[string, SharedReads]>([
    [
      'the socket is not named',
      changed(({ buffer, callback }) => ({ buffer, callback: (n: number) => callback.call({} as never, n, buffer) })),
    ],
    ['nothing is called back', changed(({ buffer }) => ({ buffer, callback: () => true }))],
    ['the memory is not used', changed(() => ({}))],
    [
      'bytes are lost',
      changed(({ buffer, callback }) => ({
        buffer,
        callback(this: Socket, length: number) {
          return callback.call(this, length > 20_000 ? length - 1 : length, buffer)
        },
      })),
    ],
    [
      'bytes are not those that came',
      changed(({ buffer, callback }) => ({
        buffer,
        callback(this: Socket, length: number) {
          if (length > 20_000) buffer.fill(0, 10_000, 10_008)
          return callback.call(this, length, buffer)
        },
      })),
    ],
  ])('are found bad where %s', async (_name, reads) => {
    expect(await sharesSafely(reads, 300)).toBe(false)
  })
})
