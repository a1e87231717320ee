import { describe, expect, it } from 'vitest'
import { prepareModules } from '../../../../src/modules/configure.js'
import { defineModule, type Finding, type ModuleLimits } from '../../../../src/modules/index.js'
import { Run, type RunSettings } from '../../../../src/modules/module-run.js'
import { pagedSource } from '../../../../src/modules/source.js'
import { ModuleThread } from '../../../../src/modules/threads/module-thread.js'
import { threadable } from '../../../../src/modules/threads/threadable.js'
import { threadedModule } from '../../../../src/modules/threads/threaded-module.js'
import { systemClock } from '../../../../src/util/clock.js'
import { PageSource, pagesOf } from '../../../support/acknowledged-source.js'
import { madeCertificates } from '../../../support/module-certificates.js'

const certificates = madeCertificates(60)

/** Runs a module of the test's own that goes the way of one in a thread, where no thread can be made; and one that does not. */
async function outcomes(fails: (index: number, attempt: number) => boolean, limits: ModuleLimits) {
  const both = []
  for (const isThreaded of [true, false]) {
    const findings: Finding[] = []
    const warnings: string[] = []
    const logger = { debug() {}, info() {}, error() {}, warn: (text: string) => void warnings.push(text) }
    const module = defineModule({
      name: 'fails',
      onCertificate({ index }, { emit, attempt }) {
        for (let i = 0; i < (index % 4) + 1; i++) emit({ kind: 'seen', subject: `${index} ${i}`, reason: 'seen' })
        if (fails(index, attempt)) throw new Error(`no ${index}`)
      },
    })
    const sink = defineModule({ name: 'sink', acknowledge: true, onFindings: (some) => void findings.push(...some) })
    const prepared = prepareModules([{ module: threadable(module, 'watchlist'), limits }, sink])
    const thread = new ModuleThread('/there/is/no/such/file.js', logger)
    const options = { thread, number: 0, clock: systemClock }
    const modules = prepared.map((one, i) =>
      isThreaded && i === 0 ? threadedModule({ prepared: one, ...options }) : one,
    )
    const source = new PageSource(pagesOf(certificates, 20))
    const settings: RunSettings = {
      ...{ logger, clock: systemClock, random: () => 0, setupTimeoutMs: 10_000, drainTimeoutMs: 1000 },
      ...{ teardownTimeoutMs: 1000, rememberedFindings: 1000, rememberFindingsMs: 100_000 },
    }
    const run = new Run(pagedSource(source, true), { modules, close: () => thread.close() }, settings).start(undefined)
    const error = await run.done.catch((thrown: Error) => thrown.message)
    const [{ lastError, ...status }] = run.status().modules as [ReturnType<typeof run.status>['modules'][number]]
    both.push({
      error,
      // While one that failed is dealt with, a thread goes on with later pages.
      findings: findings.map(({ id, subject }) => `${subject} ${id}`).sort(),
      status: { ...status, lastError: lastError?.message },
      position: source.position(certificates[0]),
    })
    expect(warnings.filter((text) => /no worker thread can be made/.test(text))).toHaveLength(isThreaded ? 1 : 0)
  }
  return both
}

describe('a module that threads can run', () => {
  it('has a certificate that fails by itself given up, as without a thread', async () => {
    const [threaded, plain] = await outcomes((index) => index % 7 === 0 || index === 19 || index > 57, {
      maxFindings: 2,
    })
    expect(threaded).toEqual(plain)
    expect(plain).toMatchObject({ position: 60, status: { skipped: 12, certificates: 48 } })
  })

  it('has one tried again, and the rest of its page once', async () => {
    const limits = { onError: 'retry', attempts: 3 } as const
    const [threaded, plain] = await outcomes((index, attempt) => index % 13 === 5 && attempt < 3, limits)
    expect(threaded).toEqual(plain)
    expect(plain).toMatchObject({ position: 60, status: { retries: 10, certificates: 60 } })
  }, 60_000)

  it('ends the run, or alone, where that is asked for, and acknowledges nothing behind what failed', async () => {
    for (const onError of ['stop-stream', 'stop-module'] as const) {
      const [threaded, plain] = await outcomes((index) => index === 25, { onError })
      for (const outcome of [threaded, plain])
        expect(outcome).toMatchObject({
          error: onError === 'stop-stream' ? 'module `fails` failed: Error: no 25' : undefined,
          position: onError === 'stop-stream' ? 20 : 60,
          status: { state: 'failed', lastError: 'Error: no 25' },
        })
    }
  })
})
