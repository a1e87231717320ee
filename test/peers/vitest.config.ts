import { defineConfig } from 'vitest/config'

// Clients of others, unchanged, against `ct-stream serve`: `npm run test:peers`, not part of `npm test`.
export default defineConfig({
  test: {
    name: 'peers',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: ['setup.ts'],
    testTimeout: 60_000,
  },
})
