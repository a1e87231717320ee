import type { ModuleSpec } from '../../modules/load-modules.js'
import type { CommandContext } from '../command.js'
import type { Flag } from './flags.js'
import { usageError } from './usage-error.js'

/** Modules that certificates go through. */
export const moduleFlag: Flag = {
  name: 'module',
  type: 'list',
  value: 'NAME|FILE',
  short: 'm',
  help: 'run a module, after those of the config file; with options: \'jsonl:{"file":"findings.jsonl"}\'',
  group: 'Modules:',
  isFlagOnly: true,
}

/** Threads for them. */
export const moduleThreadsFlag: Flag = {
  name: 'module-threads',
  type: 'text',
  value: 'N',
  help: 'threads that run the modules watchlist and intelligence (default 0: they share the one that reads)',
  group: 'Modules:',
}

/** @throws {@link CtStreamError} `CT_OPTION_INVALID` */
export function moduleThreads({ values }: CommandContext): number {
  return values.integer('module-threads', 0, 16) ?? 0
}

/** A module as the user named it. */
export interface NamedSpec {
  readonly spec: ModuleSpec
  /** Where the user named it, for errors. */
  readonly from: string
  /** Where paths and packages are looked for. */
  readonly folder: string
}

export function hasModules({ values, config }: CommandContext): boolean {
  return values.has('module') || (config?.modules.length ?? 0) > 0
}

/** The config file that was named, if it has modules: a command that runs none must say so. */
export function namedModuleFile({ config }: CommandContext): string | undefined {
  return config?.isNamed && config.modules.length > 0 ? config.path : undefined
}

/**
 * Modules of the config file, then of `--module`.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` for options that are not JSON, and for modules of a file that nobody named.
 */
export function namedSpecs({ values, config }: CommandContext): readonly NamedSpec[] {
  const { path, folder = '.', modules = [], isNamed } = config ?? {}
  if (modules.length > 0 && !isNamed)
    throw usageError(
      `modules in ${path} are programs, and that file was only found here; to have them run, say --config ${path}`,
    )
  return [
    ...modules.map((spec, i) => ({ spec: spec as ModuleSpec, from: `modules[${i}] in ${path}`, folder })),
    ...values.list('module').map((text) => ({ ...specOf(text, values.from('module')), folder: '.' })),
  ]
}

/** `NAME`, or `NAME:{…}` with options as JSON. */
function specOf(text: string, flag: string): { readonly spec: ModuleSpec; readonly from: string } {
  const at = text.endsWith('}') ? text.indexOf(':{') : -1
  if (at < 0) return { spec: text, from: `${flag} ${text}` }
  const module = text.slice(0, at)
  const from = `${flag} ${module}`
  try {
    return { spec: { module, options: JSON.parse(text.slice(at + 1)) }, from }
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : cause
    throw usageError(`${from}: its options are not JSON: ${reason}; write '${module}:{"name":"value"}'`, cause)
  }
}
