import { defineConfig } from 'vitest/config'

// The page of the server in a real browser: a run of its own, since not every machine has one.
export default defineConfig({
  test: {
    root: import.meta.dirname,
    include: ['**/*.test.ts'],
    setupFiles: ['../setup.ts'],
    globalSetup: ['../build.ts'],
    testTimeout: 120_000,
    fileParallelism: false,
  },
})
