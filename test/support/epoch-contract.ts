import { expect, it } from 'vitest'
import { pump } from '../../src/sinks/index.js'
import type { Lease, Sink } from '../../src/types/cluster.js'
import { backfill, grow, logOf } from './logs.js'
import type { SinkPlace } from './sink-contract.js'
import { upTo } from './whole-messages.js'

const leaseOf = (epoch: number): Lease => ({ unit: 'one', epoch, until: Number.POSITIVE_INFINITY })

/**
 * What a sink must do whose leases are elsewhere, and refuses an epoch that another one has: a coordinator that was rolled back by itself gives
 * epochs out again, to others than those who still have them in memory.
 */
export function epochContract(makePlace: () => Promise<SinkPlace>): void {
  const begin = async () => {
    const place = await makePlace()
    const log = await logOf(100)
    const write = (sink: Sink, lease: Lease) =>
      pump({
        sink,
        lease,
        stream: (checkpoint) => backfill(log, { checkpoint: checkpoint ?? false, commit: 'manual' }),
      })
    return { place, log, write }
  }
  const lost = { code: 'CT_LEASE_LOST' }

  it('lets in one sink of an epoch, also when another one takes turns with it: each entry is there once', async () => {
    const { place, log, write } = await begin()
    const [mine, other] = [place.sink(), place.sink()]
    await write(mine, leaseOf(7))
    for (let round = 0; round < 2; round++) {
      await expect(write(other, leaseOf(7))).rejects.toMatchObject(lost)
      grow(log, 100)
      await write(mine, leaseOf(7))
    }
    await mine.open(leaseOf(7))
    const rows = (await mine.store?.load()) ?? []
    expect(rows).toMatchObject([{ position: 300 }])
    grow(log, 100)
    await write(other, leaseOf(8))
    // Not back to what it has in memory.
    await expect(mine.store?.commit(rows)).rejects.toMatchObject(lost)
    await expect(mine.store?.commit(rows)).rejects.toMatchObject(lost)
    await mine.close()
    await other.open(leaseOf(8))
    expect(await other.store?.load()).toMatchObject([{ position: 400 }])
    await other.close()
    expect((await place.content()).get(log.logId)).toEqual(upTo(400))
    await place.remove?.()
  })

  it('has the epoch of its latest lease, also when it is opened again: an earlier one is refused', async () => {
    const { place, log, write } = await begin()
    const [mine, late] = [place.sink(), place.sink()]
    await write(mine, leaseOf(7))
    grow(log, 100)
    await write(mine, leaseOf(9))
    for (const sink of [late, mine]) await expect(write(sink, leaseOf(8))).rejects.toMatchObject(lost)
    expect((await place.content()).get(log.logId)).toEqual(upTo(200))
    await place.remove?.()
  })
}
