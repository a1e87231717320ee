import { setImmediate as turn } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type ConfiguredModule, defineModule, type ModuleRun, runModules } from '../../../src/modules/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { PageSource, pagesOf } from '../../support/acknowledged-source.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { quiet } from '../../support/reader.js'
import { VirtualClock } from '../../support/virtual-clock.js'

/** Where an output puts things, for one test. */
export interface OutputPlace {
  readonly output: ConfiguredModule
  /** Ids of the findings that are there, in the order in which they came. */
  received(): string[] | Promise<string[]>
  /** From now on the target takes nothing. */
  fail(): void | Promise<void>
  repair(): void | Promise<void>
  remove?(): void | Promise<void>
}

/** Controls, a line break, HTML, quotes, a formula, a right-to-left override. */
export const HOSTILE = '=cmd|\'/c calc\'!A1\r\n\x1b[31m<b>"x"</b>,;\u202e@everyone `rm -rf`'

/** Reports every certificate, with texts that nobody wants to see raw. */
const reporter = defineModule({
  name: 'reporter',
  onCertificate(certificate, { emit }) {
    emit({ kind: 'seen', subject: `${certificate.index} ${HOSTILE}`, severity: 'high', reason: HOSTILE })
  },
})

/**
 * What every output promises.
 *
 * @param findings - Made in each test; in the longest one twice as many and 30 more. Default: 120.
 */
export function outputContract(
  name: string,
  makePlace: () => OutputPlace | Promise<OutputPlace>,
  findings = 120,
): void {
  describe(`${name}, as an output`, () => {
    const certificates = madeCertificates(findings)
    const withPlace = (test: (place: OutputPlace, clock: VirtualClock) => Promise<void>) => async () => {
      const place = await makePlace()
      try {
        await test(place, new VirtualClock())
      } finally {
        await place.remove?.()
      }
    }

    const start = (place: OutputPlace, clock: VirtualClock, pages: readonly CtCertificate[][], staysOpen = false) => {
      const source = new PageSource(pages, { staysOpen })
      const { output } = place
      const limits = { queueEntries: 20, timeoutMs: 86_000_000, ...output.limits }
      const run = runModules(source, [reporter, { ...output, limits }], { clock, random: () => 0.5 })
      return { source, run, position: () => source.position(certificates[0]) }
    }

    /** Lets real files and sockets do their work while time passes: some 20 ms in what an output gives its target, on a busy machine, too. */
    const passUntil = async (clock: VirtualClock, isDone: () => boolean, stepMs = 5_000) => {
      for (let i = 0; !isDone(); i++) {
        if (i > 5000) throw new Error(`never: ${isDone}`)
        await clock.pass(stepMs)
        await quiet(5)
      }
    }

    const ended = (run: ModuleRun) => {
      let isOver = false
      run.done.then(
        () => (isOver = true),
        () => (isOver = true),
      )
      return () => isOver
    }

    it(
      'has every finding once, in order, when all is acknowledged',
      withPlace(async (place, clock) => {
        const { run, position } = start(place, clock, pagesOf(certificates, 10))
        await run.done
        const ids = await place.received()
        expect(ids).toHaveLength(findings)
        expect(new Set(ids).size).toBe(findings)
        expect(position()).toBe(findings)
      }),
    )

    it(
      'loses nothing when its target fails for an hour, acknowledges nothing meanwhile, and holds a bounded queue',
      withPlace(async (place, clock) => {
        const { run, source, position } = start(place, clock, pagesOf(certificates, 10), true)
        await passUntil(clock, () => position() === findings, 0)
        await place.fail()
        for (const page of pagesOf(madeCertificates(findings + 30, { seed: 'more', start: findings }), 10))
          source.add(page)
        const output = () => run.status().modules[1]
        // On a busy machine a refusal may take longer than this clock's minute.
        for (let minute = 0; minute < 60 || ((output()?.retries ?? 0) <= 10 && minute < 2000); minute++) {
          await clock.pass(60_000)
          await quiet(2)
          expect(output()?.queuedEntries).toBeLessThanOrEqual(60)
        }
        expect(position()).toBe(findings)
        expect(output()).toMatchObject({ dropped: 0, skipped: 0 })
        expect(output()?.retries).toBeGreaterThan(10)
        await place.repair()
        await passUntil(clock, () => position() === 2 * findings + 30)
        expect(new Set(await place.received()).size).toBe(2 * findings + 30)
        await run.stop()
      }),
    )

    it(
      'gives repeats after a restart the same ids',
      withPlace(async (place, clock) => {
        await start(place, clock, pagesOf(certificates, 10)).run.done
        const first = await place.received()
        await start(place, clock, pagesOf(certificates, 10)).run.done
        expect(new Set(await place.received())).toEqual(new Set(first))
      }),
    )

    it(
      'finishes what it has when it is stopped, and acknowledges no more than that',
      withPlace(async (place, clock) => {
        const { run, position } = start(place, clock, pagesOf(certificates, 10), true)
        while (run.status().certificates === 0) await turn()
        const isOver = ended(run)
        run.stop().catch(() => {})
        await passUntil(clock, isOver, 0)
        expect((await place.received()).length).toBeGreaterThanOrEqual(position())
        expect(position()).toBe(run.status().certificates)
      }),
    )

    it(
      'is stopped within its time when its target fails, and leaves what is unfinished unacknowledged',
      withPlace(async (place, clock) => {
        const { run, source, position } = start(place, clock, pagesOf(certificates, 10), true)
        await passUntil(clock, () => position() === findings, 0)
        const more = madeCertificates(20, { seed: 'more', start: findings })
        await place.fail()
        source.add(more)
        await passUntil(clock, () => (run.status().modules[1]?.errors ?? 0) > 1)
        const isOver = ended(run)
        run.stop().catch(() => {})
        await passUntil(clock, isOver)
        expect(position()).toBe(findings)
        await place.repair()
        await start(place, clock, [more]).run.done
        expect(new Set(await place.received()).size).toBe(findings + 20)
      }),
    )
  })
}
