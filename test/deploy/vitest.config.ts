import { defineConfig } from 'vitest/config'

// Containers and Kubernetes, offline: `test/ci/deploy.sh`, not part of `npm test`.
export default defineConfig({
  test: {
    name: 'deploy',
    root: import.meta.dirname,
    include: ['*.test.ts'],
    globalSetup: ['../build.ts'],
    testTimeout: 300_000,
    // An image is made from packages of Debian and npm: a minute on a quiet machine, eleven beside all the other stages of CI on a slow one.
    hookTimeout: 1_800_000,
    fileParallelism: false,
  },
})
