import { defineConfig } from 'vitest/config'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/** Small files that run for minutes: begun last, they would be waited for when all others have ended. */
const isLong = ({ moduleId }: TestSpecification) => /(kafka|opensearch|amqp)-seeded-faults|\/backfill/.test(moduleId)

class LongFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files)
    return [...sorted.filter(isLong), ...sorted.filter((file) => !isLong(file))]
  }
}

// Real engines: `npm run test:engines`, not part of `npm test`. See README.md beside this file.
export default defineConfig({
  test: {
    name: 'engines',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    setupFiles: ['../setup.ts'],
    globalSetup: ['setup.ts'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Most of the time is spent waiting for servers that were killed or suspended.
    maxWorkers: 3,
    sequence: { sequencer: LongFirst },
  },
})
