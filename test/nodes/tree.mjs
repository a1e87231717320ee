// Copies of this project, in which a build or a run of the tests disturbs nobody.
import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, rmSync, symlinkSync } from 'node:fs'
import { basename, join, resolve } from 'node:path'

const root = resolve(import.meta.dirname, '..', '..')
const left = new Set(['node_modules', 'dist', '.git'])

/**
 * Copies the project into `place`, real data beside it as it is here. Its packages are hard links where that can be done: nothing may
 * write to them. The Node among them is left out, so that the one that runs is the one that is found, unless `withNode` is true.
 *
 * @returns The folder of the copy.
 */
export function copyTree(place, { withNode = false } = {}) {
  const tree = join(place, 'ct-stream')
  mkdirSync(place, { recursive: true })
  cpSync(root, tree, { recursive: true, filter: (path) => path === root || !left.has(basename(path)) })
  const packages = join(root, 'node_modules')
  const copy = join(tree, 'node_modules')
  try {
    execFileSync('cp', ['-al', packages, copy], { stdio: 'ignore' })
  } catch {
    rmSync(copy, { recursive: true, force: true })
    cpSync(packages, copy, { recursive: true, verbatimSymlinks: true })
  }
  for (const name of [...(withNode ? [] : ['node', '.bin/node']), '.vite', '.cache'])
    rmSync(join(copy, name), { recursive: true, force: true })
  const shared = resolve(root, '..', 'shared')
  if (existsSync(shared) && !existsSync(join(place, 'shared'))) symlinkSync(shared, join(place, 'shared'))
  return tree
}
