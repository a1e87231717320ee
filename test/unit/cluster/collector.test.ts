import { expect, it } from 'vitest'
import { runCollector } from '../../../src/cluster/index.js'
import type { Coordinator, Lease } from '../../../src/types/cluster.js'

/** A coordinator in memory whose turns are told beforehand: which units are still held, and how many are to be. */
function toldCoordinator(
  turns: readonly { readonly held: readonly string[]; readonly share: number }[],
  end: () => void,
) {
  const free = ['a', 'b', 'c']
  const released: string[] = []
  const claimed: string[] = []
  let turn = 0
  const coordinator: Coordinator = {
    join: async () => {},
    assign: async (_log, shard) => shard,
    claim: async (want) =>
      free.splice(0, want).map((unit): Lease => {
        claimed.push(unit)
        return { unit, epoch: 1, until: Number.POSITIVE_INFINITY }
      }),
    renew: async (leases) => {
      const { held, share } = turns[turn] ?? { held: [], share: 0 }
      return { held: leases.filter(({ unit }) => held.includes(unit)), holders: new Map(), share }
    },
    release: async ({ unit }) => {
      released.push(unit)
    },
    store: () => {
      throw new Error('nothing is read')
    },
    wait: async () => {
      if (++turn === turns.length) end()
    },
    close: async () => {},
  }
  return { coordinator, released, claimed }
}

async function collect(...turns: { readonly held: readonly string[]; readonly share: number }[]) {
  const stop = new AbortController()
  const { coordinator, released, claimed } = toldCoordinator(turns, () => stop.abort())
  const held: string[][] = []
  await runCollector({
    coordinator,
    member: 'me',
    // Shards without logs: held, and not read.
    logs: async () => [],
    sink: () => {
      throw new Error('nothing is written')
    },
    stream: () => {
      throw new Error('nothing is read')
    },
    handOverMs: 0,
    onTurn: (leases) => held.push((leases ?? []).map(({ unit }) => unit)),
    signal: stop.signal,
  })
  return { held, released, claimed }
}

it('gives no shard away for one that it has lost', async () => {
  const { held, released } = await collect({ held: [], share: 2 }, { held: ['a'], share: 1 }, { held: ['a'], share: 1 })
  expect(held.at(-1)).toEqual(['a'])
  // At its end, that is.
  expect(released).toEqual(['a'])
})

it('takes another shard for one that it has lost, also one that was not read', async () => {
  const { held, claimed } = await collect(
    { held: [], share: 2 },
    { held: ['b'], share: 2 },
    { held: ['b', 'c'], share: 2 },
  )
  expect(claimed).toEqual(['a', 'b', 'c'])
  expect(held.at(-1)).toEqual(['b', 'c'])
})

it('gives a shard away when it has more than its share', async () => {
  const { released } = await collect({ held: [], share: 3 }, { held: ['a', 'b', 'c'], share: 2 })
  expect(released).toEqual(['a', 'b', 'c'])
})
