import { describe, expect, it } from 'vitest'
import { logOf } from '../../support/logs.js'
import { readOn, VirtualClock } from '../../support/virtual-stream.js'

describe('verify', () => {
  it.each(['full', 'signatures-only', 'none-unverified'] as const)(
    '%s says whether entries are proven',
    async (verify) => {
      const clock = new VirtualClock()
      const log = await logOf(10, { clock })
      const reader = await readOn(clock, { logs: [log.spec], verify })
      await reader.until(() => reader.certificates.length === 10)
      expect(reader.certificates.every(({ verified }) => verified === (verify === 'full'))).toBe(true)
      expect(
        reader.certificates.flatMap(({ problems }) => problems.filter(({ code }) => code === 'entry-unverified')),
      ).toEqual([])
      expect(reader.stream.status().logs[0]?.unverified).toBe(verify === 'full' ? 0 : 10)
    },
  )
})
