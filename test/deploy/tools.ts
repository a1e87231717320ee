import { spawnSync } from 'node:child_process'
import { join } from 'node:path'

export const root = join(import.meta.dirname, '..', '..')
export const folder = join(root, 'examples', 'deploy')

/** Whether a program is there; where `test/ci/deploy.sh` could install it, the tests that need it are not skipped. */
export function has(program: string): boolean {
  return process.env.CT_STREAM_TEST_REQUIRE_DEPLOY === '1' || spawnSync(program, ['--help']).error === undefined
}

/** What a program says, and its exit status. */
export function run(
  program: string,
  argv: readonly string[],
  { input = '', cwd = root, env = {} }: { input?: string; cwd?: string; env?: Record<string, string> } = {},
) {
  const { status, stdout, stderr, error } = spawnSync(program, argv, {
    ...{ input, cwd, encoding: 'utf8', maxBuffer: 2 ** 26 },
    env: { ...process.env, ...env },
  })
  if (error !== undefined) throw error
  return { status, stdout, stderr }
}
