import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { isAbsolute, join } from 'node:path'

/** Conditions of `exports` that apply to an `import` in Node.js. */
const CONDITIONS = ['node', 'import', 'module-sync', 'default']

/**
 * The file that `import name` would load in a folder.
 *
 * @returns `undefined` when there is no such package, and for modules of Node itself.
 * @throws Node's error for a package that has no file for that name.
 */
export function packageFile(name: string, folder: string): string | undefined {
  const require = createRequire(join(folder, 'noop.js'))
  try {
    const file = require.resolve(name)
    return isAbsolute(file) ? file : undefined
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'MODULE_NOT_FOUND') return undefined
    // A package for `import` only: `require.resolve` refuses it, and `import.meta.resolve` cannot start at another folder.
    const file =
      code === 'ERR_PACKAGE_PATH_NOT_EXPORTED' ? importFile(name, require.resolve.paths(name) ?? []) : undefined
    if (file === undefined) throw error
    return file
  }
}

function importFile(name: string, folders: readonly string[]): string | undefined {
  const [, packageName = '', path = ''] = /^((?:@[^/]+\/)?[^/]+)(.*)$/s.exec(name) ?? []
  const place = folders
    .map((folder) => join(folder, packageName))
    .find((folder) => existsSync(join(folder, 'package.json')))
  if (place === undefined) return undefined
  const { exports } = JSON.parse(readFileSync(join(place, 'package.json'), 'utf8')) as { readonly exports?: unknown }
  const isMap =
    typeof exports === 'object' && exports !== null && Object.keys(exports).some((key) => key.startsWith('.'))
  const target = targetOf(isMap ? (exports as Record<string, unknown>)[`.${path}`] : path === '' ? exports : undefined)
  return target?.startsWith('./') ? join(place, target) : undefined
}

function targetOf(exported: unknown): string | undefined {
  if (typeof exported === 'string') return exported
  if (typeof exported !== 'object' || exported === null || Array.isArray(exported)) return undefined
  for (const [condition, target] of Object.entries(exported)) {
    const found = CONDITIONS.includes(condition) ? targetOf(target) : undefined
    if (found !== undefined) return found
  }
  return undefined
}
