import type { TestProject } from 'vitest/node'
import buildPackage from '../build.js'
import { type Builds, buildAll } from './servers/builds.js'

declare module 'vitest' {
  interface ProvidedContext {
    readonly builds: Builds
  }
}

/** Builds our package, the log servers and the program that submits to them. What is built already takes no time. */
export default async function setup(project: TestProject): Promise<void> {
  const [builds] = await Promise.all([buildAll(), buildPackage()])
  for (const [server, reason] of Object.entries(builds.missing))
    console.log(`skipping the tests with ${server}: ${reason}`)
  project.provide('builds', builds)
}
