import { execFileSync } from 'node:child_process'
import { join } from 'node:path'

/** Builds the package once before the tests that use the built artefact. */
export default function setup(): void {
  const root = join(import.meta.dirname, '..')
  execFileSync(process.execPath, ['node_modules/tsup/dist/cli-default.js', '--silent'], { cwd: root, stdio: 'inherit' })
}
