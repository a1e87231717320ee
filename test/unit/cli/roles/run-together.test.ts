import { expect, it } from 'vitest'
import { runTogether } from '../../../../src/cli/roles/run-together.js'
import { linkedController, quietController } from '../../../../src/util/abort.js'
import { VirtualClock } from '../../../support/virtual-clock.js'

const failure = new Error('the module failed')

/** Roles of a process that can be stopped: those that end when told, after so long, and one that fails. */
function scene() {
  const clock = new VirtualClock()
  const stop = quietController()
  const over = linkedController(stop.signal)
  const warnings: string[] = []
  const ended: string[] = []
  const toldToEnd = () => new Promise<void>((resolve) => over.signal.addEventListener('abort', () => resolve()))
  const ending = (name: string, ms: number, error?: Error) => async () => {
    await toldToEnd()
    await clock.sleep(ms)
    ended.push(name)
    if (error !== undefined) throw error
  }
  const failing = (error: unknown) => async () => {
    throw error
  }
  const run = (...roles: (() => Promise<void>)[]) => {
    const running = runTogether(roles, { over, clock, logger: { warn: (message) => void warnings.push(message) } })
    let outcome: unknown = 'runs'
    running.then(
      () => {
        outcome = 'ended'
      },
      (error) => {
        outcome = error
      },
    )
    return () => outcome
  }
  return { clock, stop, warnings, ended, ending, failing, run }
}

it('lets the others end before it fails with what the first one failed with', async () => {
  const { clock, warnings, ended, ending, failing, run } = scene()
  const outcome = run(ending('collector', 3000), failing(failure), ending('api', 0))
  await clock.pass(2999)
  expect([outcome(), ended]).toEqual(['runs', ['api']])
  await clock.pass(1)
  expect([outcome(), ended, warnings]).toEqual([failure, ['api', 'collector'], []])
  expect(clock.sleeping).toBe(0)
})

it('waits ten seconds for them at most, and reports one that does not end', async () => {
  const { clock, warnings, ended, ending, failing, run } = scene()
  const outcome = run(ending('collector', 60_000), failing(failure))
  await clock.pass(9999)
  expect([outcome(), warnings]).toEqual(['runs', []])
  await clock.pass(1)
  expect([outcome(), ended]).toEqual([failure, []])
  expect(warnings).toEqual([expect.stringContaining('did not end in time')])
})

it('reports another failure, and fails with the first', async () => {
  const { clock, warnings, ending, failing, run } = scene()
  const outcome = run(failing(failure), ending('collector', 5, new Error('the database is gone')))
  await clock.pass(5)
  expect(outcome()).toBe(failure)
  expect(warnings).toEqual([expect.stringContaining('the database is gone')])
})

it('ends well when all are told to end, however long that takes', async () => {
  const { clock, stop, warnings, ended, ending, run } = scene()
  const outcome = run(ending('collector', 60_000), ending('api', 0))
  await clock.pass(1_000_000)
  expect([outcome(), ended]).toEqual(['runs', []])
  stop.abort()
  await clock.pass(60_000)
  expect([outcome(), ended, warnings]).toEqual(['ended', ['api', 'collector'], []])
})

it('has all end when one has ended', async () => {
  const { clock, ended, ending, run } = scene()
  const outcome = run(async () => {}, ending('collector', 100))
  await clock.pass(100)
  expect([outcome(), ended]).toEqual(['ended', ['collector']])
})
