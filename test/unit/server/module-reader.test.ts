import { expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { TestClock } from '../../../src/module-testing/test-clock.js'
import { defineModule } from '../../../src/modules/index.js'
import { runOnServer } from '../../../src/server/module-reader.js'
import type { ServedEntry } from '../../../src/server/served-entry.js'
import { ServedPage } from '../../../src/server/served-page.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { logNamed, madeCertificates } from '../../support/module-certificates.js'

it('sends each finding once, though those of another log that came with it cannot be kept at first', async () => {
  const clock = new TestClock()
  const [one, two] = [madeCertificates(3), madeCertificates(2, { log: logNamed('two'), seed: 'two' })]
  const source = new PageSource([one.slice(0, 1), one.slice(1), two])
  const reporter = defineModule({
    name: 'reporter',
    onCertificate: (_, { emit }) => emit({ kind: 'seen', reason: 'seen' }),
  })
  const tried: number[] = []
  const sent: number[] = []
  let failures = 2
  const backlog = {
    hasFinding: () => false,
    async add(entries: readonly ServedEntry[]) {
      tried.push(entries.length)
      // While the first is kept, the others come, and wait together.
      if (tried.length === 1) await clock.sleep(1000)
      if (entries[0]?.log.id === two[0]?.log.id && failures-- > 0)
        throw new CtStreamError('CT_CACHE_UNUSABLE', 'the disk is full')
      return new ServedPage('series', 1, entries)
    },
  }
  const run = runOnServer({
    settings: {
      source,
      modules: [reporter],
      moduleThreads: 0,
      logger: { debug() {}, info() {}, warn() {}, error() {} },
      clock,
    },
    backlog,
    signal: new AbortController().signal,
    batches: () => source.batches(),
    publish: ({ entries }) => sent.push(entries.length),
  })
  await clock.pass(10_000)
  await run.done
  expect(tried).toEqual([1, 2, 2, 2, 2])
  expect(sent).toEqual([1, 2, 2])
  expect([source.position(one[0]), source.position(two[0])]).toEqual([3, 2])
})
