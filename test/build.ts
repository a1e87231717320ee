import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/**
 * Builds the package once before the tests that use the built artefact. With `CT_STREAM_TEST_BUILT` it was built: of stages that run
 * side by side none may build it anew below the others.
 */
export default function setup(): void {
  if (process.env.CT_STREAM_TEST_BUILT !== undefined) return
  const root = join(import.meta.dirname, '..')
  execFileSync(process.execPath, ['node_modules/tsup/dist/cli-default.js', '--silent'], { cwd: root, stdio: 'inherit' })
}
