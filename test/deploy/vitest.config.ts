import { defineConfig } from 'vitest/config'

// Containers and Kubernetes, offline: `test/ci/deploy.sh`, not part of `npm test`.
export default defineConfig({
  test: {
    name: 'deploy',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: ['../build.ts'],
    testTimeout: 300_000,
    hookTimeout: 300_000,
    fileParallelism: false,
  },
})
