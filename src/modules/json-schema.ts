import { z } from 'zod'
import { LIMIT_RANGES, POLICIES } from './configure.js'
import type { Module } from './definition.js'

/** A JSON schema, draft 7: the newest that editors have all of. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/**
 * What a module's options may be, as a config file writes them.
 *
 * @returns An object without properties for a module that takes no options; `{}` (anything) where JSON schema has no words for them.
 */
export function optionsSchema({ options }: Module): JsonSchema {
  if (options === undefined) return { type: 'object', properties: {}, additionalProperties: false }
  try {
    const { $schema: _, ...schema } = z.toJSONSchema(options, {
      target: 'draft-07',
      io: 'input',
      unrepresentable: 'any',
      reused: 'inline',
    })
    // A reference means the root of the document, which a part of another schema is not.
    return JSON.stringify(schema).includes('"$ref"') ? {} : { ...schema }
  } catch {
    return {}
  }
}

/** What else is said of the use of a module, by property. */
export const useSchema: Readonly<Record<string, JsonSchema>> = {
  name: { type: 'string', pattern: '^[a-z0-9][a-z0-9._/-]{0,63}$', description: 'Needed when a module is used twice.' },
  acknowledge: { type: 'boolean', description: 'Whether positions wait for this module.' },
  after: { type: 'array', items: { type: 'string' }, description: 'Names of modules that must come before it.' },
  limits: {
    type: 'object',
    properties: {
      ...Object.fromEntries(
        Object.entries(LIMIT_RANGES).map(([name, [minimum, maximum]]) => [name, { type: 'integer', minimum, maximum }]),
      ),
      onError: { enum: POLICIES },
      whenFull: { enum: ['drop', 'block'] },
    },
    additionalProperties: false,
  },
}
