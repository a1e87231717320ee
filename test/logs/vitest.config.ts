import { defineConfig } from 'vitest/config'

// Real log servers: `npm run test:logs`, not part of `npm test`. See README.md beside this file.
export default defineConfig({
  test: {
    name: 'logs',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: ['setup.ts'],
    testTimeout: 120_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
  },
})
