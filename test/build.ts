import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/**
 * Builds the package once before the tests that use the built artefact. With `CT_STREAM_TEST_BUILT` it was built: of stages that run
 * side by side none may build it anew below the others. Without declarations, which take most of the time and which no test reads:
 * `npm run check` does.
 */
export default function setup(): void {
  if (process.env.CT_STREAM_TEST_BUILT !== undefined) return
  const root = join(import.meta.dirname, '..')
  const tsup = join(root, 'node_modules', 'tsup', 'dist', 'cli-default.js')
  const env = { ...process.env, CT_STREAM_TEST_BUILD: 'code' }
  execFileSync(process.execPath, [tsup, '--silent'], { cwd: root, env, stdio: 'inherit' })
}
