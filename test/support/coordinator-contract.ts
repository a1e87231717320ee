import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Coordinator, Lease, Renewal } from '../../src/types/cluster.js'
import type { LogInfo } from '../../src/types/log.js'

/** An empty place in an engine, for one test. */
export interface CoordinatorPlace {
  /** A coordinator over this place, not joined: one for each member. */
  coordinator(): Coordinator
  remove(): Promise<void>
}

/** What every coordinator must do, whichever engine it is kept in. `leaseMs` is how long its leases last. */
export function coordinatorContract(name: string, leaseMs: number, makePlace: () => Promise<CoordinatorPlace>): void {
  describe(`the coordinator of ${name}`, () => {
    let place: CoordinatorPlace
    let members: Coordinator[]
    beforeEach(async () => {
      place = await makePlace()
      members = []
    })
    afterEach(async () => {
      for (const member of members) await member.close()
      await place.remove()
    })

    const join = async (member: string) => {
      const coordinator = place.coordinator()
      members.push(coordinator)
      await coordinator.join(member)
      return coordinator
    }
    const never = new AbortController().signal
    /** Takes turns with a member, as a collector does, until what it is told is as `isDone` wants it. */
    const until = async (
      member: Coordinator,
      held: readonly Lease[],
      isDone: (renewal: Renewal) => boolean,
      others: () => Promise<unknown> = async () => {},
    ): Promise<Renewal> => {
      for (const began = Date.now(); ; ) {
        const renewal = await member.renew(held)
        if (isDone(renewal)) return renewal
        if (Date.now() - began > 20_000 + 2 * leaseMs) throw new Error(`not in time: ${JSON.stringify(renewal)}`)
        await others()
        await member.wait(100, never)
      }
    }
    const shared = (share: number) => (renewal: Renewal) => renewal.share === share
    /** All members, until each has its share. */
    const settled = async (shares: ReadonlyMap<Coordinator, number>, held = new Map<Coordinator, Lease[]>()) => {
      for (;;) {
        const all = [...shares].map(
          async ([member, share]) => (await member.renew(held.get(member) ?? [])).share === share,
        )
        if ((await Promise.all(all)).every(Boolean)) return
        await Promise.all([...shares.keys()].map((member) => member.wait(100, never)))
      }
    }
    /** What a member can claim by now, all of it, while it keeps what it has. */
    const claimAll = async (member: Coordinator, want: number, held: readonly Lease[] = []) => {
      const leases: Lease[] = []
      for (const began = Date.now(); leases.length < want && Date.now() - began < 20_000 + 2 * leaseMs; ) {
        await member.renew([...held, ...leases])
        leases.push(...(await member.claim(want - leases.length)))
        if (leases.length < want) await member.wait(100, never)
      }
      return leases
    }

    it('puts a log into one shard for good, whoever asks', async () => {
      const [a, b] = [await join('a'), await join('b')]
      const tried = await Promise.all([a.assign(log(1), 'one'), b.assign(log(1), 'two')])
      expect(new Set(tried).size).toBe(1)
      expect(['one', 'two']).toContain(tried[0])
      expect(await (await join('c')).assign(log(1), 'three')).toBe(tried[0])
    })

    it('gives each shard to one member, and the same number to each', async () => {
      const [a, b] = [await join('a'), await join('b')]
      for (let n = 0; n < 4; n++) await a.assign(log(n), `shard ${n}`)
      await settled(new Map([[a, 2], [b, 2]])) // biome-ignore format: a table
      const [ofA, ofB] = [await claimAll(a, 2), await claimAll(b, 2)]
      expect([...ofA, ...ofB].map(({ unit }) => unit).sort()).toEqual(['shard 0', 'shard 1', 'shard 2', 'shard 3'])
      expect(await a.claim(4)).toEqual([])
      const { held, holders } = await a.renew(ofA)
      expect(held.map(({ unit, epoch }) => ({ unit, epoch }))).toEqual(ofA.map(({ unit, epoch }) => ({ unit, epoch })))
      expect(holders).toEqual(new Map([['operator 0', 1], ['operator 1', 1], ['operator 2', 1], ['operator 3', 1]])) // biome-ignore format: a table
    })

    it('counts the epoch up with every owner, and refuses the positions of an earlier one', async () => {
      const a = await join('a')
      await a.assign(log(1), 'one')
      const [first] = await claimAll(a, 1)
      if (first === undefined) throw new Error('nothing was claimed')
      const old = a.store(first)
      await old.open()
      await old.commit([row(1, 10)])
      await a.release(first)
      const [second] = await claimAll(a, 1)
      expect(second?.unit).toBe('one')
      expect(second?.epoch).toBeGreaterThan(first.epoch)
      await expect((async () => old.commit([row(1, 20)]))()).rejects.toMatchObject({ code: 'CT_LEASE_LOST' })
      await old.close()
      if (second === undefined) return
      const next = a.store(second)
      await next.open()
      expect((await next.load()).map(({ position }) => position)).toEqual([10])
      await next.close()
    })

    it('gives what is given back to another member, and says so to the one before', async () => {
      const [a, b] = [await join('a'), await join('b')]
      for (const n of [1, 2]) await a.assign(log(n), `shard ${n}`)
      await settled(new Map([[a, 1], [b, 1]])) // biome-ignore format: a table
      const [ofA, ofB] = [await claimAll(a, 1), await claimAll(b, 1)]
      const [given] = ofB
      if (given === undefined) throw new Error('nothing was claimed')
      await b.release(given)
      expect((await b.renew([given])).held).toEqual([])
      const found: Lease[] = []
      await until(
        a,
        ofA,
        () => found.length > 0,
        async () => {
          found.push(...(await a.claim(1)))
        },
      )
      expect(found).toMatchObject([{ unit: given.unit }])
      expect(found[0]?.epoch).toBeGreaterThan(given.epoch)
      // Given back twice: another's lease by now.
      await b.release(given)
      expect((await a.renew(found)).held).toHaveLength(1)
    })

    it('takes no shard that it is told to leave to others', async () => {
      const a = await join('a')
      for (const n of [1, 2]) await a.assign(log(n), `shard ${n}`)
      await settled(new Map([[a, 2]]))
      const found: Lease[] = []
      await until(
        a,
        found,
        () => found.length > 0,
        async () => void found.push(...(await a.claim(2, new Set(['shard 1'])))),
      )
      expect(found.map(({ unit }) => unit)).toEqual(['shard 2'])
      expect((await claimAll(a, 1, found)).map(({ unit }) => unit)).toEqual(['shard 1'])
    })

    it('has the others share all shards but those that a member keeps which claims no more', async () => {
      const [a, b] = [await join('a'), await join('b')]
      if (a.retire === undefined) return
      for (let n = 0; n < 4; n++) await a.assign(log(n), `shard ${n}`)
      await settled(new Map([[a, 2], [b, 2]])) // biome-ignore format: a table
      const ofA = await claimAll(a, 1)
      await a.retire()
      expect((await a.renew(ofA)).held).toHaveLength(1)
      expect((await b.renew([])).share).toBe(4)
      expect(await claimAll(b, 3)).toHaveLength(3)
      await a.retire()
      expect((await a.renew(ofA)).held).toHaveLength(1)
    })

    it('gives the shards of a member that leaves to the others, at the latest when its leases have ended', async () => {
      const [a, b] = [await join('a'), await join('b')]
      for (const n of [1, 2]) await a.assign(log(n), `shard ${n}`)
      await settled(new Map([[a, 1], [b, 1]])) // biome-ignore format: a table
      const [ofA, ofB] = [await claimAll(a, 1), await claimAll(b, 1)]
      const began = Date.now()
      await leave(b)
      await until(a, ofA, shared(2))
      const taken = await claimAll(a, 1, ofA)
      expect(Date.now() - began).toBeLessThan(leaseMs + 5000)
      expect(taken).toMatchObject([{ unit: ofB[0]?.unit }])
    })

    const leave = async (member: Coordinator) => {
      members = members.filter((each) => each !== member)
      await member.close()
    }

    it('takes in a shard that another member has added', async () => {
      const [a, b] = [await join('a'), await join('b')]
      await a.assign(log(1), 'shard 1')
      await until(a, [], shared(1))
      const first = await claimAll(a, 1)
      await b.assign(log(2), 'shard 2')
      const [second] = await claimAll(b, 1)
      expect([first[0]?.unit, second?.unit].sort()).toEqual(['shard 1', 'shard 2'])
    })

    it('is wrong to ask under no name', async () => {
      await expect(place.coordinator().join('')).rejects.toMatchObject({ code: 'CT_OPTION_INVALID' })
      await expect(place.coordinator().join('x'.repeat(256))).rejects.toMatchObject({ code: 'CT_OPTION_INVALID' })
    })
  })
}

const log = (n: number): LogInfo => ({
  id: Buffer.alloc(32, n).toString('base64'),
  description: `log ${n}`,
  operator: `operator ${n}`,
  kind: 'rfc6962',
  url: `https://log-${n}.invalid/`,
})

const row = (n: number, position: number) => ({
  log: log(n),
  position,
  // 10 and 20 have two bits.
  range: [new Uint8Array(32), new Uint8Array(32)],
  verifiedHead: undefined,
  pendingHeads: [],
  learned: {},
})
