import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const project = (name: string, options: object = {}) => ({
  test: { name, root: import.meta.dirname, include: [`${name}/**/*.test.ts`], testTimeout: 20_000, ...options },
})

// Each kind of test is a project of its own, so that `npx vitest --project unit` runs one of them (see README, Development).
export default defineConfig({
  test: {
    root: import.meta.dirname,
    // A request that stands still on a busy machine looks like one that is never answered (test/support/requests-in-flight.ts).
    retry: 1,
    // Much of the time is spent waiting for sockets: a machine of two cores would run one file at a time.
    maxWorkers: Math.max(3, availableParallelism()),
    projects: [
      project('unit'),
      // What needs the built package: the command line, programs of users, processes that are killed.
      project('integration', { globalSetup: ['build.ts'], testTimeout: 120_000 }),
    ],
  },
})
