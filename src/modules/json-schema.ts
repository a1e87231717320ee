import { z } from 'zod'
import { LIMIT_RANGES, POLICIES } from './configure.js'
import type { Module } from './definition.js'

/** A JSON schema of draft 7, the newest that editors fully support. */
export type JsonSchema = { readonly [keyword: string]: unknown }

/**
 * The JSON schema of a module's options in a config file.
 *
 * @returns The schema of an empty object for a module without options; `{}` (anything) when JSON schema cannot express them.
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
    // References start at the root of a document, so a schema with references cannot become part of another.
    return JSON.stringify(schema).includes('"$ref"') ? {} : { ...schema }
  } catch {
    return {}
  }
}

/** Schemas of the other properties of a module's use. */
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
