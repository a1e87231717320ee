import { execFile } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { existsSync, renameSync, rmSync } from 'node:fs'
import { homedir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'

const run = promisify(execFile)

/**
 * The Python that has some packages of PyPI: in a virtual environment below the cache folder, made once.
 *
 * @param packages - As `pip` takes them, each with its version.
 * @param module - One to import, as a proof that they are there.
 * @throws When there is no Python, no module `venv`, or the packages cannot be fetched.
 */
export async function pythonWith(packages: readonly string[], module: string): Promise<string> {
  const folder = join(homedir(), '.cache', 'ct-stream', 'peers', packages.join('-').replaceAll('==', '-'))
  const python = join(folder, 'bin', 'python')
  if (existsSync(join(folder, 'complete'))) return python
  rmSync(folder, { recursive: true, force: true })
  const mark = `${folder}.${randomUUID()}`
  await run('python3', ['-m', 'venv', folder])
  await run(python, ['-m', 'pip', 'install', '--quiet', '--disable-pip-version-check', ...packages])
  // Its scripts name their folder, so that it cannot be made elsewhere and renamed; this file says that it is whole.
  await run(python, ['-c', `import ${module}; open(${JSON.stringify(mark)}, 'w')`])
  renameSync(mark, join(folder, 'complete'))
  return python
}
