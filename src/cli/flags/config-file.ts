import { dirname, resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import { CtStreamError } from '../../errors.js'
import { importFailure } from '../../util/import-failure.js'
import type { CliIo } from '../io.js'
import type { Flag } from './flags.js'
import { configLayer, parseConfig } from './layers.js'
import { usageError } from './usage-error.js'
import type { GivenValue } from './values.js'

/** The content of a config file. Modules that it names are not loaded yet. */
export interface ConfigFile {
  /** As the user wrote it, or the default. */
  readonly path: string
  /** Where paths and packages of its modules are looked for. */
  readonly folder: string
  /** Whether a flag or variable named it; a file that was only found may be a stranger's. */
  readonly isNamed: boolean
  readonly values: ReadonlyMap<string, GivenValue>
  /** Its `modules`, not checked; default none. */
  readonly modules: readonly unknown[]
}

export const DEFAULT_CONFIG = 'ct-stream.config.json'

/** Longest config file: a handful of flags, and lists of names in the options of modules. */
const MAX_CONFIG_BYTES = 16 * 1024 * 1024

/**
 * The named config file, or `ct-stream.config.json` if it exists. A `.js`, `.mjs`, `.ts` or `.mts` file is a program, so it is imported only
 * when it is named; its default export has the form of the JSON file.
 *
 * @returns `undefined` when none is named and the default is not there.
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming file and key.
 */
export async function readConfigFile(
  io: CliIo,
  named: GivenValue | undefined,
  flags: readonly Flag[],
): Promise<ConfigFile | undefined> {
  const path = named === undefined ? DEFAULT_CONFIG : String(named.value)
  try {
    const content = /\.m?[jt]s$/.test(path)
      ? await importConfig(path)
      : parseConfig(new TextDecoder().decode(await io.readFile(path, MAX_CONFIG_BYTES)), path)
    const { values, modules } = configLayer(content, path, flags)
    if (named === undefined) for (const name of ['checkpoint', 'keep']) refuseFarFile(values.get(name))
    return { path, folder: dirname(resolve(path)), isNamed: named !== undefined, values, modules }
  } catch (error) {
    if (CtStreamError.is(error)) throw error
    if (named === undefined && isMissing(error)) return undefined
    const reason = error instanceof Error ? error.message : String(error)
    throw usageError(`${named?.from ?? DEFAULT_CONFIG} cannot be read: ${reason}`, error)
  }
}

async function importConfig(path: string): Promise<unknown> {
  const file = resolve(path)
  let exported: { readonly default?: unknown }
  try {
    exported = await import(pathToFileURL(file).href)
  } catch (error) {
    throw usageError(`${path} cannot be imported: ${importFailure(error, file)}`, error)
  }
  if (exported.default === undefined)
    throw usageError(`${path} exports no config: its default export must be an object of flags and their values`)
  return exported.default
}

/**
 * A config file that was only found in the working directory may be a stranger's, for example from an unpacked archive: it may not make
 * the program write outside of that directory.
 */
function refuseFarFile(file: GivenValue | undefined): void {
  const path = String(file?.value ?? '')
  const isFar = /^(?:file:|[/\\]|[a-z]:)/i.test(path) || path.split(/[/\\]/).includes('..')
  if (isFar)
    throw usageError(
      `${file?.from} is outside the working directory; to have it written, say --config ${DEFAULT_CONFIG}`,
    )
}

function isMissing(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
}
