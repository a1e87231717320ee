import type { Command, CommandContext } from '../command.js'
import { uniqueFlags } from '../flags/flags.js'
import { moduleFlag, namedSpecs } from '../flags/module-flag.js'
import { usageError } from '../flags/usage-error.js'
import type { SchemaModule } from '../modules/config-schema.js'
import { Output } from '../terminal/output.js'

/** `ct-stream config schema`: what a config file may hold, for editors. */
export function configCommand(commands: () => readonly Command[]): Command {
  return {
    name: 'config',
    summary: 'With "schema": the JSON schema of the config file, for editors.',
    positionals: ['schema'],
    flags: [moduleFlag],
    examples: [
      ['ct-stream config schema > schema.json', 'then "$schema": "./schema.json" in the config file'],
      ['ct-stream config schema --config FILE', 'with the options of the modules of that file'],
    ],
    async run(context) {
      const { io, positionals } = context
      if (positionals[0] !== 'schema')
        throw usageError(`<schema> must be "schema", got ${JSON.stringify(positionals[0])}`)
      const { configSchema } = await import('../modules/config-schema.js')
      const flags = uniqueFlags(commands().flatMap((command) => command.flags))
      const schema = configSchema(flags, await modulesOf(context))
      await new Output(io.stdout).write(`${JSON.stringify(schema, undefined, 2)}\n`, io.stop)
    },
  }
}

/** Modules of this package, and those of flags and of a config file that was named. */
async function modulesOf(context: CommandContext): Promise<readonly SchemaModule[]> {
  const { ownModule, ownModuleNames, longName } = await import('../modules/own-modules.js')
  const { importSpec } = await import('../modules/load.js')
  const own: SchemaModule[] = []
  for (const name of ownModuleNames) {
    const module = await ownModule(name)
    if (module !== undefined) own.push({ names: [name, longName(name)], use: { module } })
  }
  const { config } = context
  const others: SchemaModule[] = []
  for (const named of namedSpecs(config?.isNamed ? context : { ...context, config: undefined })) {
    const { spec } = named
    const name = typeof spec === 'object' && 'module' in spec ? spec.module : spec
    if (typeof name !== 'string' || [...own, ...others].some(({ names }) => names.includes(name))) continue
    const [use, ...more] = await importSpec(named)
    if (use !== undefined && more.length === 0) others.push({ names: [name], use })
  }
  return [...own, ...others]
}
