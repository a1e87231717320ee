import { readdir, stat } from 'node:fs/promises'
import { extname, isAbsolute, join, resolve } from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { inspect } from 'node:util'
import { CtStreamError } from '../errors.js'
import { importFailure } from '../util/import-failure.js'
import { objectOption, optionError } from '../util/options.js'
import { type ConfiguredModule, isModule, type Module, type ModuleUse } from './definition.js'
import { packageFile } from './package-file.js'

/**
 * A module by value, by file (`./only-ev.js`), by folder (every `.js`, `.mjs` and `.ts` file in it, by name) or by package: `only-ev` is
 * `ct-stream-module-only-ev` or else `only-ev`; a scope or path (`@me/watch`, `ct-stream/outputs/jsonl`) is taken as it stands.
 */
export type ModuleSpec =
  | Module
  | ConfiguredModule
  | string
  | (ModuleUse & { readonly module: string; readonly options?: unknown })

/** Options of {@link loadModules}; all optional. */
export interface LoadModulesOptions {
  /** Folder from which relative paths and packages are resolved, such as that of the config file; a path or `file:` URL. */
  readonly from: string | URL
}

const PREFIX = 'ct-stream-module-'
const EXTENSIONS = ['.js', '.mjs', '.ts', '.mts']
const MAX_MODULES = 1000

/**
 * Finds and imports modules. Their code runs in this process, so name only modules you trust.
 *
 * @returns In the order of `specs`; the files of a folder in the order of their names.
 * @throws {@link CtStreamError} `CT_MODULE_INVALID` when one is not found, cannot be imported or exports no module; `CT_OPTION_INVALID`.
 */
export async function loadModules(
  specs: readonly ModuleSpec[],
  options: LoadModulesOptions,
): Promise<ConfiguredModule[]> {
  const { from } = objectOption<LoadModulesOptions>('options', options, ['from'])
  if (typeof from !== 'string' && !(from instanceof URL)) throw optionError('from', 'a folder', from)
  const folder = resolve(from instanceof URL || from.startsWith('file:') ? fileURLToPath(from) : from)
  if (!Array.isArray(specs) || specs.length > MAX_MODULES)
    throw optionError('modules', `an array of at most ${MAX_MODULES} modules`, specs)
  const loaded: ConfiguredModule[] = []
  for (const spec of specs) loaded.push(...(await load(spec, folder)))
  return loaded
}

async function load(spec: ModuleSpec, folder: string): Promise<ConfiguredModule[]> {
  if (isModule(spec)) return [{ module: spec }]
  const { module, ...use } = typeof spec === 'string' ? { module: spec } : (spec ?? {})
  if (isModule(module)) return [{ ...use, module }]
  if (typeof module !== 'string' || module === '')
    throw invalid(
      inspect(spec, { depth: 1 }),
      'is neither a module nor the name of one: it must be a name or `{ module, options }`',
    )
  const files = isPath(module) ? await filesAt(module, folder) : [packageAt(module, folder)]
  if (files.length > 1 && (use as ModuleUse).name !== undefined)
    throw invalid(module, 'is a folder of several modules: they cannot all have one `name`')
  return Promise.all(files.map(async (file) => ({ ...use, module: await importModule(module, file) })))
}

function isPath(name: string): boolean {
  return /^\.{1,2}(\/|\\|$)|^file:/.test(name) || isAbsolute(name)
}

async function filesAt(name: string, folder: string): Promise<string[]> {
  const path = name.startsWith('file:') ? pathOf(name) : resolve(folder, name)
  const stats = await stat(path).catch((cause) => {
    throw invalid(name, `is not found: there is no ${path}`, cause)
  })
  if (!stats.isDirectory()) return [path]
  const files = (await readdir(path)).filter((file) => EXTENSIONS.includes(extname(file)) && !file.endsWith('.d.ts'))
  if (files.length === 0) throw invalid(name, `is a folder without modules (${EXTENSIONS.join(', ')}): ${path}`)
  if (files.length > MAX_MODULES) throw invalid(name, `is a folder of ${files.length} files, more than ${MAX_MODULES}`)
  return files.sort().map((file) => join(path, file))
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url)
  } catch (cause) {
    throw invalid(url, `is no URL of a file here: ${messageOf(cause)}`, cause)
  }
}

/** The file that a program in that folder would load for a package. */
function packageAt(name: string, folder: string): string {
  const names = /[@/]/.test(name) || name.startsWith(PREFIX) ? [name] : [PREFIX + name, name]
  for (const candidate of names) {
    try {
      const file = packageFile(candidate, folder)
      if (file !== undefined) return file
    } catch (error) {
      throw invalid(name, `cannot be resolved: ${messageOf(error)}`, error)
    }
  }
  const path = EXTENSIONS.includes(extname(name)) ? name : `${name}.js`
  const how = `install it (npm install ${names[0]}), or name a file (./${path})`
  throw invalid(name, `is not found: there is no package ${names.join(' or ')} that ${folder} could import; ${how}`)
}

async function importModule(name: string, file: string): Promise<Module> {
  let exported: Record<string, unknown>
  try {
    exported = await import(pathToFileURL(file).href)
  } catch (cause) {
    throw invalid(name, `cannot be imported (${file}): ${importFailure(cause, file)}`, cause)
  }
  // CommonJS compiled from an ES module has the default export one level deeper.
  const nested = (exported.default as { default?: unknown } | undefined)?.default
  for (const value of [exported.default, nested]) if (isModule(value)) return value
  throw invalid(name, `exports no module (${file}): its default export must be what defineModule() returns`)
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.message.split('\n')[0] ?? '') : String(error)
}

function invalid(name: string, problem: string, cause?: unknown): CtStreamError {
  return new CtStreamError('CT_MODULE_INVALID', `module \`${name.slice(0, 200)}\` ${problem}`, { cause })
}
