import { CtStreamError } from '../../errors.js'
import { type PreparedModule, prepareModules } from '../../modules/configure.js'
import { type ConfiguredModule, isModule } from '../../modules/definition.js'
import { loadModules, type ModuleSpec } from '../../modules/load-modules.js'
import type { CommandContext } from '../command.js'
import { type NamedSpec, namedSpecs } from '../flags/module-flag.js'
import { usageError } from '../flags/usage-error.js'
import { ownModule } from './own-modules.js'
import { type ModuleTools, moduleTools } from './tools.js'

/**
 * The modules of config file and flags in order, with checked options.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID` naming where it was asked for, the module and the option.
 */
export async function modulesFor(context: CommandContext): Promise<readonly ConfiguredModule[]> {
  const loaded: ConfiguredModule[] = []
  const tools = await moduleTools(context)
  for (const named of namedSpecs(context)) loaded.push(...(await loadSpec(named, tools)))
  prepareAll(loaded)
  return loaded
}

/**
 * Checked modules that run together, in order.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`
 */
export function prepareAll(modules: readonly ConfiguredModule[]): readonly PreparedModule[] {
  try {
    return prepareModules(modules)
  } catch (error) {
    throw asUsage(error)
  }
}

/**
 * The modules of one spec; several when it names a folder.
 *
 * @throws {@link CtStreamError} `CT_OPTION_INVALID`, as {@link modulesFor} does.
 */
export async function loadSpec(named: NamedSpec, tools: ModuleTools = {}): Promise<readonly ConfiguredModule[]> {
  const loaded = await importSpec(named, tools)
  try {
    // One by one, so that errors name the module; their order is checked afterwards for all of them together.
    for (const module of loaded) prepareModules([{ ...module, after: [] }])
  } catch (error) {
    throw asUsage(error, named.from)
  }
  return loaded
}

/** Like {@link loadSpec}, without checking options. */
export async function importSpec(
  { spec, from, folder }: NamedSpec,
  tools: ModuleTools = {},
): Promise<readonly ConfiguredModule[]> {
  try {
    return await loadModules([await withOwn(spec, tools)], { from: folder })
  } catch (error) {
    throw asUsage(error, from)
  }
}

/** A spec that names a module of this package has the module itself. */
async function withOwn(spec: ModuleSpec, tools: ModuleTools): Promise<ModuleSpec> {
  if (isModule(spec)) return spec
  const { module, ...use } = typeof spec === 'string' ? { module: spec } : (spec ?? {})
  const own = typeof module === 'string' ? await ownModule(module, tools) : undefined
  return own === undefined ? spec : { ...use, module: own }
}

function asUsage(error: unknown, from?: string): unknown {
  const isOurs = CtStreamError.is(error) && (error.code === 'CT_OPTION_INVALID' || error.code === 'CT_MODULE_INVALID')
  return isOurs ? usageError(from === undefined ? error.message : `${from}: ${error.message}`, error) : error
}
