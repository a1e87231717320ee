import type { TestProject } from 'vitest/node'
import buildPackage from '../build.js'
import { goServer } from './go-server.js'
import { pythonWithCertStream } from './python.js'

declare module 'vitest' {
  interface ProvidedContext {
    /** `undefined`: it cannot be had here. */
    readonly python: string | undefined
    /** certstream-server-go; `undefined`: it cannot be had here. */
    readonly goServer: string | undefined
  }
}

/** Builds our package, unless the checks before it have, and fetches the clients. What is there already takes no time. */
export default async function setup(project: TestProject): Promise<void> {
  const isRequired = process.env.CT_STREAM_TEST_REQUIRE_PEERS === '1'
  buildPackage()
  const unless = (name: string) => (error: Error) => {
    if (isRequired) throw error
    console.log(`skipping the tests with ${name}: ${error.message.split('\n')[0]}`)
    return undefined
  }
  project.provide('python', await pythonWithCertStream().catch(unless('certstream-python')))
  project.provide('goServer', await goServer().catch(unless('certstream-server-go')))
}
