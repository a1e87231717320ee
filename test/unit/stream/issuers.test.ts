import { expect, it } from 'vitest'
import { Issuers } from '../../../src/stream/issuers.js'
import { StoredIssuers } from '../../../src/stream/stored-issuers.js'
import { VirtualClock } from '../../support/virtual-clock.js'

const FINGERPRINT = new Uint8Array(32).fill(7)

function counted(answer: (call: number) => Promise<Uint8Array>) {
  const clock = { at: 0, now: () => clock.at, sleep: () => Promise.resolve() }
  const found = { calls: 0, clock, issuers: undefined as unknown as Issuers }
  found.issuers = new Issuers(() => answer(++found.calls), clock)
  return found
}

it('are looked for once, however many ask at a time', async () => {
  const found = counted((call) => Promise.resolve(Uint8Array.of(call)))
  const all = await Promise.all(Array.from({ length: 50 }, () => found.issuers.get('log', FINGERPRINT)))
  expect([found.calls, new Set(all).size]).toEqual([1, 1])
  await found.issuers.get('another log', FINGERPRINT)
  await found.issuers.get('log', new Uint8Array(32))
  expect(found.calls).toBe(3)
})

it('of one log are stored up to a bound in number and in bytes, and served beyond it', async () => {
  const der = new Map([
    ['many', new Uint8Array(1_000)],
    ['large', new Uint8Array(64 * 1024)],
    ['another', new Uint8Array(1)],
  ])
  const kept: number[] = []
  for (const [log, bytes] of der) {
    let puts = 0
    const store = { issuer: async () => undefined, putIssuer: async () => void puts++ }
    const { find } = new StoredIssuers(store, async () => bytes)
    for (let i = 0; i < 3_000; i++) expect(await find(log, FINGERPRINT)).toBe(bytes)
    kept.push(puts)
  }
  expect(kept).toEqual([2_000, 256, 2_000])
})

it('are counted for each log', async () => {
  const puts: string[] = []
  const store = { issuer: async () => undefined, putIssuer: async (name: string) => void puts.push(name) }
  const { find } = new StoredIssuers(store, async () => new Uint8Array(1))
  for (let i = 0; i < 2_001; i++) await find('many', FINGERPRINT)
  await find('another', Uint8Array.of(1))
  expect([puts.length, puts.at(-1)]).toEqual([2_001, '01'])
})

it('that are not served are not asked for again within a minute', async () => {
  const found = counted((call) => (call === 1 ? Promise.reject(new Error('503')) : Promise.resolve(Uint8Array.of(1))))
  const ask = () => found.issuers.get('log', FINGERPRINT)
  await expect(Promise.all([ask(), ask()])).rejects.toThrow('503')
  await expect(ask()).rejects.toThrow('503')
  expect(found.calls).toBe(1)
  found.clock.at = 60_000
  expect(await ask()).toEqual(Uint8Array.of(1))
})

it.each([-86_400_000, 86_400_000])('fail for a minute, also when the clock is set by %i ms', async (jump) => {
  const clock = new VirtualClock()
  let calls = 0
  const find = () => {
    calls++
    return Promise.reject(new Error('503'))
  }
  const issuers = new Issuers(find, clock)
  const ask = () => expect(issuers.get('log', FINGERPRINT)).rejects.toThrow('503')
  await ask()
  clock.set(jump)
  await clock.pass(59_999)
  await ask()
  expect(calls).toBe(1)
  await clock.pass(1)
  await ask()
  expect(calls).toBe(2)
})

it('remember a bounded number of failures', async () => {
  const found = counted(() => Promise.reject(new Error('404')))
  const ask = (i: number) => found.issuers.get('log', Uint8Array.of(i >> 8, i & 255)).catch(() => {})
  for (let i = 0; i <= 1000; i++) await ask(i)
  await ask(1000)
  expect(found.calls).toBe(1001)
  await ask(0)
  expect(found.calls).toBe(1002)
})
