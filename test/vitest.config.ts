import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { defineConfig } from 'vitest/config'

const project = (name: string, options: object = {}) => ({
  test: {
    name,
    root: import.meta.dirname,
    include: [`${name}/**/*.test.ts`],
    setupFiles: ['setup.ts'],
    // Against what hangs. A slow machine that does much else takes ten times as long as a quiet one.
    testTimeout: 60_000,
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
/** Their files share a process, too: they leave nothing behind for one another, and starting one for each takes longer than they do. */
const shared = [
  'amqp',
  'certstream',
  'checkpoint',
  'cli',
  'cluster',
  'kafka',
  'logs',
  'lookup',
  'metrics',
  'module-testing',
  'modules',
  'nats',
  'outputs',
  'page',
  'postgres',
  'processors',
  'server',
  'sinks',
  'testing',
]
/** Of the pure ones, those that nothing else tests: what the pure tests leave out of them, nobody sees. */
const covered = pure.filter((folder) => !['intelligence', 'types', 'util'].includes(folder))
const filesOf = (folders: readonly string[]) => folders.map((folder) => `unit/${folder}/**/*.test.ts`)

// Each kind of test is a project of its own, so that `npx vitest --project unit` runs one of them (see .github/CONTRIBUTING.md).
export default defineConfig({
  test: {
    root: import.meta.dirname,
    // A request that stands still on a busy machine looks like one that is never answered (test/support/requests-in-flight.ts).
    retry: 1,
    experimental: { fsModuleCache: true },
    // The same tests run with threads and without: CT_STREAM_WORKERS=2.
    env: { CT_STREAM_WORKERS: process.env.CT_STREAM_WORKERS ?? '0' },
    // Much of the time is spent waiting for sockets and for processes: with a worker a core half of the cores would idle.
    maxWorkers: 2 * availableParallelism() + 1,
    // `npm run coverage` runs the pure tests with it. A little below what it is: raise them when it has risen.
    coverage: {
      provider: 'v8',
      include: covered.map((folder) => `src/${folder}/**/*.ts`),
      allowExternal: true,
      reporter: ['text-summary'],
      reportsDirectory: join(tmpdir(), 'ct-stream-coverage'),
      thresholds: {
        // Without real data beside the project, too.
        ...{ lines: 95, branches: 90, functions: 94, statements: 94 },
        '../src/{merkle,wire,x509}/**/*.ts': { lines: 99, branches: 96, functions: 98, statements: 98 },
      },
    },
    projects: [
      project('pure', { include: filesOf(pure), isolate: false }),
      project('shared', { include: filesOf(shared), isolate: false }),
      project('unit', { exclude: filesOf([...pure, ...shared]) }),
      // What needs the built package: the command line, programs of users, processes that are killed.
      project('integration', { globalSetup: ['build.ts'], testTimeout: 300_000 }),
    ],
  },
})
