// A module of one's own: a domain that gets many certificates within an hour, as when somebody automates what he should not.
//   ct-stream --module './examples/own-module.ts:{"certificates":50}'
import assert from 'node:assert'
import { defineModule } from 'ct-stream/modules'
import { testModule } from 'ct-stream/modules/testing'
import { z } from 'zod'

const HOUR = 3_600_000
/** Domains that are counted, at most: who follows all logs must bound what he keeps. */
const MOST = 100_000

const burst = defineModule({
  name: 'burst',
  description: 'domains with many certificates within an hour',
  options: z.strictObject({
    certificates: z.number().int().min(2).default(100).describe('How many in an hour are reported.'),
  }),
  setup: () => ({ counts: new Map<string, { since: number; count: number }>() }),
  onCertificate(cert, { state: { counts }, options, clock, emit }) {
    if (cert.kind !== 'certificate') return // its precertificate was counted, or will be reported with it
    // Two labels are a domain here; of co.uk and the like it counts all together.
    const domains = new Set(cert.dnsNames.map((name) => name.split('.').slice(-2).join('.')))
    for (const domain of domains) {
      const entry = counts.get(domain)
      const isFresh = entry !== undefined && clock.now() - entry.since < HOUR
      const { since, count } = isFresh ? entry : { since: clock.now(), count: 0 }
      counts.delete(domain)
      counts.set(domain, { since, count: count + 1 })
      if (count + 1 === options.certificates)
        emit({ kind: 'burst', subject: domain, reason: `${count + 1} certificates within an hour` })
    }
    // The one that was counted least recently goes.
    for (const domain of counts.keys()) {
      if (counts.size <= MOST) break
      counts.delete(domain)
    }
  },
})

export default burst

/** How to test it: hours pass at once. */
export async function testBurst(): Promise<void> {
  const test = testModule(burst.with({ certificates: 3 }))
  await test.give('a.example.com', 'b.example.com', 'www.example.org')
  await test.pass(HOUR)
  assert.deepStrictEqual(await test.give('c.example.com', 'd.example.com'), [])
  const [finding] = await test.give('e.example.com')
  assert.strictEqual(finding?.subject, 'example.com')
  await test.end()
}
