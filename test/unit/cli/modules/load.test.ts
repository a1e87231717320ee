import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { streamFlags } from '../../../../src/cli/flags/flags.js'
import { configLayer } from '../../../../src/cli/flags/layers.js'
import { Values } from '../../../../src/cli/flags/values.js'
import { modulesFor } from '../../../../src/cli/modules/load.js'
import { ownModuleNames } from '../../../../src/cli/modules/own-modules.js'
import { CtStreamError } from '../../../../src/errors.js'
import { sampleIo } from '../sample-io.js'

const folder = mkdtempSync(join(tmpdir(), 'ct-stream-modules-'))
afterAll(() => rmSync(folder, { recursive: true }))

const odd = fc.constantFrom(
  '',
  '.',
  './',
  '../..',
  '\0',
  './\0',
  'file:',
  'file://host/a.js',
  'file:///%00',
  '/dev/null',
  '@',
  '@/',
  'a/../..',
  '%',
  'node:fs',
  'fs',
)
const json = fc.jsonValue({ maxDepth: 2 })
const key = fc.constantFrom('module', 'options', 'name', 'acknowledge', 'after', 'limits', 'use')
const spec = fc.oneof(
  json,
  odd,
  fc.dictionary(key, fc.oneof(json, odd, fc.constantFrom(...ownModuleNames))),
  fc.record({ module: fc.constantFrom(...ownModuleNames), options: json }),
)

describe('whatever a config file holds', () => {
  it('is modules, or bad usage on one line', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(spec, { maxLength: 3 }), async (modules) => {
        const config = { path: 'c.json', folder, isNamed: true, values: new Map(), modules }
        const context = { io: sampleIo([]).io, values: new Values(new Map()), positionals: [], config }
        try {
          await modulesFor(context)
        } catch (error) {
          expect(CtStreamError.is(error) && error.code, String(error)).toBe('CT_OPTION_INVALID')
        }
      }),
      { numRuns: 1000 },
    )
  })

  it('is values of flags, or bad usage that names the file', () => {
    const name = fc.oneof(fc.constantFrom(...streamFlags.map(({ name }) => name), 'modules', '$schema'), fc.string())
    fc.assert(
      fc.property(fc.oneof(fc.jsonValue(), fc.dictionary(name, json)), (content) => {
        try {
          configLayer(content, 'c.json', streamFlags)
        } catch (error) {
          expect(CtStreamError.is(error) && error.code).toBe('CT_OPTION_INVALID')
          expect((error as Error).message).toContain('c.json')
        }
      }),
    )
  })
})
