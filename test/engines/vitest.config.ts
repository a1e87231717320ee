import { defineConfig } from 'vitest/config'

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
  },
})
