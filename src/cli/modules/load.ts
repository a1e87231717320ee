import { CtStreamError } from '../../errors.js'
import { prepareModules } from '../../modules/configure.js'
import { type ConfiguredModule, isModule } from '../../modules/definition.js'
import { loadModules, type ModuleSpec } from '../../modules/load-modules.js'
import type { CommandContext } from '../command.js'
import { type NamedSpec, namedSpecs } from '../flags/module-specs.js'
import { usageError } from '../flags/usage-error.js'
import { ownModule } from './own-modules.js'

/**
 * The modules that config file and flags ask for, in order, their options checked.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming where it was asked for, the module and the option.
 */
export async function modulesFor(context: CommandContext): Promise<readonly ConfiguredModule[]> {
  const loaded: ConfiguredModule[] = []
  for (const named of namedSpecs(context)) loaded.push(...(await loadSpec(named)))
  try {
    prepareModules(loaded)
  } catch (error) {
    throw asUsage(error)
  }
  return loaded
}

/**
 * Several where a folder is named.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, as {@link modulesFor} does.
 */
export async function loadSpec({ spec, from, folder }: NamedSpec): Promise<readonly ConfiguredModule[]> {
  try {
    const loaded = await loadModules([await withOwn(spec)], { from: folder })
    // One by one, so that a complaint says whose it is; what comes after what is for all of them together.
    for (const module of loaded) prepareModules([{ ...module, after: [] }])
    return loaded
  } catch (error) {
    throw asUsage(error, from)
  }
}

/** A spec that names a module of this package has the module itself. */
async function withOwn(spec: ModuleSpec): Promise<ModuleSpec> {
  if (isModule(spec)) return spec
  const { module, ...use } = typeof spec === 'string' ? { module: spec } : (spec ?? {})
  const own = typeof module === 'string' ? await ownModule(module) : undefined
  return own === undefined ? spec : { ...use, module: own }
}

function asUsage(error: unknown, from?: string): unknown {
  const isOurs = CtStreamError.is(error) && (error.code === 'CT_OPTION_INVALID' || error.code === 'CT_MODULE_INVALID')
  return isOurs ? usageError(from === undefined ? error.message : `${from}: ${error.message}`, error) : error
}
