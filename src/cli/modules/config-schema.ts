import type { ConfiguredModule } from '../../modules/definition.js'
import { type JsonSchema, optionsSchema, useSchema } from '../../modules/json-schema.js'
import { commonFlags, type Flag } from '../flags/flags.js'

/** A module, and the names that a config file may have for it. */
export interface SchemaModule {
  readonly names: readonly string[]
  readonly use: ConfiguredModule
}

/** JSON schema (draft 7) of the whole config file: flags, and modules with the options of those given. */
export function configSchema(flags: readonly Flag[], modules: readonly SchemaModule[]): JsonSchema {
  const known = flags.filter(({ name, isFlagOnly }) => !isFlagOnly && !commonFlags.some((flag) => flag.name === name))
  return {
    $schema: 'http://json-schema.org/draft-07/schema#',
    title: 'Config file of ct-stream',
    type: 'object',
    properties: {
      $schema: { type: 'string' },
      ...Object.fromEntries(known.map((flag) => [flag.name, flagSchema(flag)])),
      modules: {
        description: 'What certificates go through, in this order; later modules get the findings of earlier ones.',
        type: 'array',
        items: { anyOf: [{ type: 'string' }, ...modules.map(knownModule), otherModule(modules)] },
      },
    },
    additionalProperties: false,
  }
}

function flagSchema({ type, help, choices }: Flag): JsonSchema {
  const single = type === 'list' ? { type: 'string' } : { type: ['string', 'number'] }
  // Choices are suggestions for editors; other values may be valid, too.
  const text = choices === undefined ? single : { anyOf: [{ enum: choices }, single] }
  if (type === 'switch') return { type: 'boolean', description: help }
  if (type === 'text') return { ...text, description: help }
  return { anyOf: [text, { type: 'array', items: text }], description: help }
}

function knownModule({ names, use }: SchemaModule): JsonSchema {
  const options = optionsSchema(use.module)
  const isNeeded = Array.isArray(options.required) && options.required.length > 0
  return moduleSchema({ enum: names, description: use.module.description }, options, isNeeded)
}

/** Any other module, whose options are unknown here. */
function otherModule(modules: readonly SchemaModule[]): JsonSchema {
  const names = modules.flatMap(({ names }) => names).map((name) => name.replace(/[^\w/@-]/g, '\\$&'))
  return moduleSchema({ type: 'string', pattern: `^(?!(?:${names.join('|')})$)` }, {}, false)
}

function moduleSchema(module: JsonSchema, options: JsonSchema, needsOptions: boolean): JsonSchema {
  return {
    type: 'object',
    properties: { module, options, ...useSchema },
    required: needsOptions ? ['module', 'options'] : ['module'],
    additionalProperties: false,
  }
}
