import { setTimeout as wait } from 'node:timers/promises'
import { expect, onTestFailed } from 'vitest'
import { SeededRandom } from '../../src/testing/seeded.js'
import type { FaultyEngine } from './seeded-engines.js'
import { type FaultName, seededFaults } from './seeded-faults.js'
import { READING_MS, Scene } from './seeded-scene.js'

/** README.md beside this file has the command for a long run, and for one with the faults of another. */
const FAULTS = process.env.CT_STREAM_TEST_KILLS
/** Names, with commas between them: these in this order. */
const GIVEN = process.env.CT_STREAM_TEST_FAULTS?.split(',') as readonly FaultName[] | undefined
/** The same order in each run of CI: what a new one finds is looked for by hand, with seeds of one's own. */
const SEED = process.env.CT_STREAM_TEST_SEED ?? 'the same'
/** Within the time that takes. Milliseconds. */
const STRIKE_MS = 400
/** One fault in so many comes when everything is read: who has nothing to do has to notice it, too. */
const IDLE = 3
/** What the guide promises on top of a lease; as much again for a machine that is busy with other tests. Milliseconds. */
const TAKEOVER_MS = 2 * 5000

/** Each kind of fault in a random order, then any. */
function schedule(random: SeededRandom, kinds: readonly FaultName[]): readonly FaultName[] {
  const pick = <T>(items: readonly T[]) => items[random.below(items.length)] as T
  const faults: FaultName[] = []
  while (faults.length < Number(FAULTS ?? kinds.length)) {
    const left = kinds.filter((kind) => !faults.includes(kind))
    faults.push(pick(left.length > 0 ? left : kinds))
  }
  return faults
}

const kindsOf = (engine: FaultyEngine) =>
  (Object.keys(seededFaults) as FaultName[]).filter((kind) => Scene.spares(engine, kind) === undefined)

/** For a test of {@link endureFaults}. Milliseconds. */
export const limitOf = (engine: FaultyEngine): number => 120_000 + Number(FAULTS ?? kindsOf(engine).length) * READING_MS

/** Harms everyone in turn, while logs grow, and counts what is in the engine and what processors did. */
export async function endureFaults(engine: FaultyEngine): Promise<void> {
  const random = new SeededRandom(SEED)
  const faults = GIVEN ?? schedule(random, kindsOf(engine))
  onTestFailed(() => console.log(`CT_STREAM_TEST_SEED=${SEED}: ${faults.join(', ')}`))
  const scene = await Scene.open(engine, random, faults.length)
  const { run, takeovers } = scene
  // A processor that wakes up after a fault has entries in its hands, whose effects come during the next one.
  let mayRepeat = false
  for (const fault of faults) {
    const { strike, repeats } = seededFaults[fault]
    const before = await scene.repeats()
    const fed = run.feed(engine.growth)
    if (random.below(IDLE) > 0) await wait(random.below(STRIKE_MS))
    else {
      await fed
      await scene.untilDone()
    }
    await strike(scene)
    await fed
    await scene.untilDone()
    if (!repeats && !mayRepeat) expect(await scene.repeats(), `repeats: ${fault}`).toBe(before)
    mayRepeat = repeats
    scene.wake()
  }
  await run.feed(engine.growth)
  await scene.untilDone()
  scene.expectAllRunning()
  await scene.expectAll(faults.filter((fault) => seededFaults[fault].repeats).length)
  expect(Math.max(...takeovers), `takeovers in ${takeovers}`).toBeLessThan(run.leaseMs + TAKEOVER_MS)
}
