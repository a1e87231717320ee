import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { readVariables } from '../../../../src/cli/flags/layers.js'
import { moduleFlag, namedSpecs } from '../../../../src/cli/flags/module-flag.js'
import { Values } from '../../../../src/cli/flags/values.js'
import { sampleIo } from '../sample-io.js'

const specsOf = (values: Values) => namedSpecs({ io: sampleIo([]).io, values, positionals: [] }).map(({ spec }) => spec)
const fromFlags = (...value: string[]) => specsOf(new Values(new Map([['module', { value, from: '--module' }]])))
const fromVariable = (text: string) => specsOf(new Values(readVariables({ CT_STREAM_MODULE: text }, [moduleFlag])))

const name = fc.stringMatching(/^[a-z@.][a-z0-9./@-]{0,20}[a-z0-9]$/)
/** As JSON can say it: `-0` and the like are no options of anybody. */
const options = fc.dictionary(fc.string(), fc.jsonValue()).map((value) => JSON.parse(JSON.stringify(value)) as object)
const spec = fc.oneof(
  name.map((module) => ({ text: module, spec: module })),
  fc.tuple(name, options).map(([module, options]) => ({
    text: `${module}:${JSON.stringify(options)}`,
    spec: { module, options },
  })),
)

describe('--module', () => {
  it('takes a name, and options as JSON behind a colon', () => {
    fc.assert(
      fc.property(spec, ({ text, spec }) => {
        expect(fromFlags(text)).toEqual([spec])
      }),
    )
  })

  it('takes several from a variable, whatever commas, quotes and braces are in their options', () => {
    fc.assert(
      fc.property(fc.array(spec, { minLength: 1, maxLength: 4 }), (specs) => {
        const text = specs.map(({ text }) => text).join(' , ')
        expect(fromVariable(text)).toEqual(specs.map(({ spec }) => spec))
      }),
    )
  })

  it('accepts a Windows path', () => {
    expect(fromFlags('C:\\watch\\mine.js', 'C:\\mine.js:{"a":1}')).toEqual([
      'C:\\watch\\mine.js',
      { module: 'C:\\mine.js', options: { a: 1 } },
    ])
  })
})
