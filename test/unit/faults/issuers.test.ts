import { expect, it } from 'vitest'
import { ENTRIES, isRead, strike, TIMEOUT, World } from './run-cell.js'
import { ANY, type Way, waits, way } from './table.js'

/** What goes wrong with every request for an issuer; `waits` means here: that chain is not to be had, and nothing else waits for it. */
const WAYS: readonly Way[] = [
  ...ANY,
  way('another certificate', { flipBit: { in: 'certificate' } }, 'CT_RESPONSE_MALFORMED', waits),
  way('oversized body, not announced', { oversize: 100_000 }, 'CT_RESPONSE_TOO_LARGE', waits),
]

for (const way of WAYS)
  it(`an issuer, ${way.name}: chain() rejects with ${way.told ?? 'nothing'}, entries come, and it is there a minute after it heals`, {
    timeout: TIMEOUT,
  }, async () => {
    const world = await World.make('static-ct')
    try {
      const { log, other, clock } = world
      const heal = strike(world, { paths: /^issuer\// }, way)
      const reader = world.read({ checkpoint: world.store() })
      const chainOf = async (i: number) => {
        let outcome: { chain: readonly Uint8Array[] } | { error: { code: string; message: string } } | undefined
        const certificate = reader.certificates.filter((one) => one.log.id === log.logId)[i]
        certificate?.chain().then(
          (chain) => {
            outcome = { chain }
          },
          (error) => {
            outcome = { error }
          },
        )
        await world.passUntil(reader, () => outcome !== undefined, 600_000)
        return { ...outcome, problems: [...new Set(certificate?.problems.map(({ code }) => code))] }
      }
      await world.passUntil(reader, () => isRead(reader, log, 300) && isRead(reader, other, 20), 30_000)
      const struck = await chainOf(0)
      if (way.told === undefined)
        expect(struck).toMatchObject({ problems: [], chain: [expect.anything(), expect.anything()] })
      else {
        expect(struck).toMatchObject({ error: { code: way.told }, problems: ['chain-unavailable'] })
        expect(struck).toHaveProperty('error.message', expect.stringContaining(`${log.url}issuer/`))
      }
      heal()
      const healed = clock.elapsed()
      await world.passUntil(reader, () => clock.elapsed() - healed > 60_000, 90_000)
      const issuer = ENTRIES[0]?.chain
      expect(await chainOf(0)).toMatchObject({ chain: issuer })
      expect([reader.errors, reader.misbehaviour, reader.gaps]).toEqual([[], [], []])
    } finally {
      await world.close()
    }
  })
