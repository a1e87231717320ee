import { describe, expect, it } from 'vitest'
import { ClaimKeeper, type ClaimStore, type Held } from '../../../src/processors/claim-keeper.js'
import { sourceSettings } from '../../../src/processors/source-settings.js'
import type { LogInfo } from '../../../src/types/log.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const HOUR = 3_600_000
const LEASE_MS = 30_000

/** A keeper of three logs, of which it should have one. */
function keeperOf(clock: VirtualClock) {
  const log: LogInfo = { id: 'L', description: 'x', operator: 'x', kind: 'rfc6962', url: 'https://x/' }
  const claims = [1, 2, 3].map(
    () => ({ log, next: 0, readTo: 1, head: 1, isLeaving: false, storedNext: 0 }) as unknown as Held,
  )
  let share = 3
  const released: Held[] = []
  const store: ClaimStore<Held> = {
    renew: async (held) => ({ kept: new Set(held), share }),
    claim: async (want) => claims.slice(0, want),
    release: async (given) => void released.push(...given),
    leave: async () => {},
    listen: async () => {},
    close: async () => {},
  }
  const keeper = new ClaimKeeper(store, { ...sourceSettings({ group: 'g', clock }), leaseMs: LEASE_MS })
  const shareOut = (count: number) => {
    share = count
  }
  return { keeper, shareOut }
}

const leaving = ({ held }: ClaimKeeper<Held>) => held.filter(({ isLeaving }) => isLeaving).length

describe('the claims of a processor', () => {
  it('are confirmed for a lease, also where the clock was set back meanwhile', async () => {
    const clock = new VirtualClock()
    const { keeper } = keeperOf(clock)
    expect(keeper.isConfirmed).toBe(false)
    await keeper.turn()
    clock.set(-HOUR)
    await clock.pass(LEASE_MS - 1)
    expect(keeper.isConfirmed).toBe(true)
    await clock.pass(1)
    expect(keeper.isConfirmed).toBe(false)
  })

  it('are not confirmed behind a suspension of the machine, in which no time has elapsed', async () => {
    const clock = new VirtualClock()
    const { keeper } = keeperOf(clock)
    await keeper.turn()
    clock.set(LEASE_MS)
    expect(keeper.isConfirmed).toBe(false)
  })

  it('are handed over one a lease, also where the clock was set back meanwhile', async () => {
    const clock = new VirtualClock()
    const { keeper, shareOut } = keeperOf(clock)
    await keeper.turn()
    shareOut(1)
    await keeper.turn()
    await keeper.turn()
    expect(leaving(keeper)).toBe(1)
    clock.set(-HOUR)
    await clock.pass(LEASE_MS)
    await keeper.turn()
    expect(leaving(keeper)).toBe(2)
  })
})
