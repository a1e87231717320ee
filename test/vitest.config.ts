import { availableParallelism } from 'node:os'
import { defineConfig } from 'vitest/config'

const project = (name: string, options: object = {}) => ({
  test: {
    name,
    root: import.meta.dirname,
    include: [`${name}/**/*.test.ts`],
    setupFiles: ['setup.ts'],
    testTimeout: 20_000,
    ...options,
  },
})

/** Of functions that keep nothing: their files share a process, as starting one for each takes longer than they do. */
const pure = [
  'decode',
  'filter',
  'intelligence',
  'loglist',
  'merkle',
  'poll',
  'types',
  'util',
  'verify',
  'watchlist',
  'wire',
  'x509',
]
const pureFiles = pure.map((folder) => `unit/${folder}/**/*.test.ts`)

// Each kind of test is a project of its own, so that `npx vitest --project unit` runs one of them (see .github/CONTRIBUTING.md).
export default defineConfig({
  test: {
    root: import.meta.dirname,
    // A request that stands still on a busy machine looks like one that is never answered (test/support/requests-in-flight.ts).
    retry: 1,
    // Much of the time is spent waiting for sockets and for processes: with a worker a core half of the cores would idle.
    maxWorkers: 2 * availableParallelism() + 1,
    projects: [
      project('pure', { include: pureFiles, isolate: false }),
      project('unit', { exclude: pureFiles }),
      // What needs the built package: the command line, programs of users, processes that are killed.
      project('integration', { globalSetup: ['build.ts'], testTimeout: 120_000 }),
    ],
  },
})
