import { describe, expect, it } from 'vitest'
import { MemoryCheckpointStore } from '../../../src/checkpoint/memory.js'
import { defineModule, type Module, runModules } from '../../../src/modules/index.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import type { CtStreamOptions } from '../../../src/types/stream-options.js'
import { fastClock } from '../../support/fast-clock.js'
import { logOf } from '../../support/logs.js'

describe('runModules on a stream', () => {
  const collector = (seen: number[], rest: Partial<Module> = {}) =>
    defineModule({
      name: 'sink',
      acknowledge: true,
      ...rest,
      onBatch(page) {
        seen.push(...page.map(({ index }) => index))
      },
    }) as Module

  it('delivers every entry to a module that asked, whenever a run is cut off, and goes on behind what it finished', async () => {
    const log = await logOf(900, { pageSize: 50 })
    const checkpoint = new MemoryCheckpointStore()
    const options: CtStreamOptions = {
      logs: [log.spec],
      start: 'beginning',
      end: 'head',
      checkpoint,
      acknowledge: 'manual',
      clock: fastClock(20_000),
    }
    const all: number[] = []
    const starts: number[] = []
    for (let i = 0; i < 20 && new Set(all).size < 900; i++) {
      const seen: number[] = []
      const stream = ctStream(options)
      const run = runModules(
        stream,
        [
          collector(seen, {
            onFinding() {
              throw new Error('gives up')
            },
            limits: { onError: 'stop-stream' },
          }),
          defineModule({
            name: 'cut',
            limits: { onError: 'stop-stream' },
            onCertificate({ index }) {
              if (index > (starts.at(-1) ?? 0) + 230) throw new Error('cut')
            },
          }),
        ],
        { drainTimeoutMs: 1000 },
      )
      await run.done.catch((error) => {
        if (error.code !== 'CT_MODULE_FAILED') throw error
      })
      starts.push(seen.length > 0 ? Math.max(...seen) + 1 : 0)
      // What comes again begins where nothing before was left out.
      for (let index = 0; index <= Math.max(...seen); index++) if (!seen.includes(index)) expect(all).toContain(index)
      all.push(...seen)
    }
    expect(new Set(all).size).toBe(900)
    expect(starts.length).toBeGreaterThan(2)
    const again = ctStream(options)
    const rest: number[] = []
    await runModules(again, [collector(rest)]).done
    expect(rest).toEqual([])
  })

  it('refuses a stream that acknowledges by reading, and takes it where nobody waits', async () => {
    const log = await logOf(10)
    const stream = () =>
      ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false, clock: fastClock(20_000) })
    expect(() => runModules(stream(), [collector([])])).toThrow(/acknowledge: 'manual'/)
    const seen: number[] = []
    await runModules(stream(), [collector(seen, { acknowledge: false })]).done
    expect(seen).toHaveLength(10)
  })
})
