import { describe, expect, it } from 'vitest'
import type { Command } from '../../../../src/cli/command.js'
import { parseArguments } from '../../../../src/cli/flags/arguments.js'
import { type Flag, streamFlags } from '../../../../src/cli/flags/flags.js'
import {
  configLayer,
  mergeLayers,
  parseConfig,
  readVariables,
  strangeVariables,
} from '../../../../src/cli/flags/layers.js'
import { Values } from '../../../../src/cli/flags/values.js'

const flags: readonly Flag[] = [
  { name: 'format', type: 'text', value: 'FORMAT', help: '' },
  { name: 'limit', type: 'text', value: 'N', short: 'n', help: '' },
  { name: 'domain', type: 'list', value: 'PATTERN', help: '' },
  { name: 'quiet', type: 'switch', short: 'q', help: '' },
  { name: 'checkpoint', type: 'text', value: 'FILE', help: '', conflicts: ['no-checkpoint'] },
  { name: 'no-checkpoint', type: 'switch', help: '' },
]

const commandsWith = (flags: readonly Flag[]): Command[] => [
  { name: 'stream', summary: '', positionals: [], flags, run: async () => {} },
  { name: 'decode', summary: '', positionals: ['file'], flags: [...flags, probe], run: async () => {} },
]
const probe: Flag = { name: 'probe', type: 'switch', help: '' }

const parse = (...argv: string[]) => {
  const { command, flags: given, positionals } = parseArguments(argv, commandsWith(flags))
  return {
    name: command.name,
    ...Object.fromEntries([...given].map(([name, { value }]) => [name, value])),
    positionals,
  }
}
const invalid = (message: string) => expect.objectContaining({ code: 'CT_OPTION_INVALID', message })

describe('arguments', () => {
  it.each([
    [[], { positionals: [] }],
    [['stream', '--format', 'json'], { format: 'json', positionals: [] }],
    [['--format', 'json', 'stream'], { format: 'json', positionals: [] }],
    [['--format=json', 'stream', 'a', '-q', 'b'], { format: 'json', quiet: true, positionals: ['a', 'b'] }],
    [['-n', '5'], { limit: '5', positionals: [] }],
    [['-n5', 'stream'], { limit: '5', positionals: [] }],
    [['-qn5'], { quiet: true, limit: '5', positionals: [] }],
    [['--domain', 'a', '--domain=b', '--domain', '=c'], { domain: ['a', 'b', '=c'], positionals: [] }],
    [['--domain', 'decode', 'stream'], { domain: ['decode'], positionals: [] }],
    [['--format=--x'], { format: '--x', positionals: [] }],
    [['--checkpoint', '-'], { checkpoint: '-', positionals: [] }],
    [['--checkpoint', 'a', '--no-checkpoint'], { checkpoint: 'a', 'no-checkpoint': true, positionals: [] }],
    [['--no-checkpoint', 'stream', '--', '--format'], { 'no-checkpoint': true, positionals: ['--format'] }],
    [['decode', '-'], { name: 'decode', positionals: ['-'] }],
    [['-q', 'decode', 'a'], { name: 'decode', quiet: true, positionals: ['a'] }],
    [['decode', 'stream'], { name: 'decode', positionals: ['stream'] }],
  ])('%j', (argv, expected) => {
    expect(parse(...argv)).toEqual({ name: 'stream', ...expected })
  })

  it.each([
    [['--fromat', 'json'], 'unknown flag --fromat, did you mean --format?'],
    [['--fromat=json'], 'unknown flag --fromat, did you mean --format?'],
    [['--frobnicate'], 'unknown flag --frobnicate'],
    [['-x'], 'unknown flag -x'],
    [['-qx'], 'unknown flag -x'],
    [['--no-quiet'], 'unknown flag --no-quiet, did you mean --quiet?'],
    [['--__proto__'], 'unknown flag --__proto__'],
    [['--format'], '--format needs a value (FORMAT)'],
    [['--format='], '--format needs a value (FORMAT)'],
    [['--format', '--quiet'], '--format needs a value (FORMAT), got --quiet: write --format=--quiet if that is it'],
    [['--quiet=yes'], '--quiet takes no value, got "yes"'],
    [['--quiet=a=b'], '--quiet takes no value, got "a=b"'],
    [['-n'], '--limit needs a value (N)'],
    [['--limit', '1', '-n', '2'], '--limit is given twice'],
    [['--probe'], '--probe is no flag of ct-stream stream, but of ct-stream decode'],
    [['strem', '--quiet'], 'unknown command strem, did you mean stream?'],
  ])('%j is refused in one line that names the flag', (argv, message) => {
    expect(() => parse(...argv)).toThrowError(invalid(message))
  })
})

describe('variables', () => {
  const read = (env: Record<string, string>) =>
    Object.fromEntries([...readVariables(env, flags)].map(([name, { value }]) => [name, value]))

  it('are named for the flags', () => {
    expect(read({ CT_STREAM_FORMAT: 'json', CT_STREAM_NO_CHECKPOINT: '1', FORMAT: 'x' })).toEqual({
      format: 'json',
      'no-checkpoint': true,
    })
    expect(read({ CT_STREAM_DOMAIN: 'a, b,,=c', CT_STREAM_QUIET: 'off', CT_STREAM_LIMIT: '' })).toEqual({
      domain: ['a', 'b', '=c'],
      quiet: false,
    })
  })

  it('are no two modules for a comma in the options of one', () => {
    const options = JSON.stringify({ file: 'a,b}', list: ['{"'], deep: { x: 1, y: '\\' } })
    expect(read({ CT_STREAM_DOMAIN: `one, jsonl:${options} ,two` })).toEqual({
      domain: ['one', `jsonl:${options}`, 'two'],
    })
    expect(read({ CT_STREAM_DOMAIN: '"a,b"' })).toEqual({ domain: ['"a', 'b"'] })
  })

  it('are refused with a reason when they are wrong or strange', () => {
    expect(() => read({ CT_STREAM_QUIET: 'maybe' })).toThrowError(
      invalid('CT_STREAM_QUIET must be 1 or 0, got "maybe"'),
    )
    expect(strangeVariables({ CT_STREAM_FROMAT: 'x', CT_STREAM_FORMAT: 'x', PATH: '' }, flags)).toEqual([
      'CT_STREAM_FROMAT',
    ])
  })
})

describe('a config file', () => {
  const content = (text: string) => configLayer(parseConfig(text, 'c.json'), 'c.json', flags)
  const read = (text: string) => Object.fromEntries([...content(text).values].map(([name, { value }]) => [name, value]))

  it('holds modules as they stand, and a schema for editors', () => {
    expect(content('{"$schema":"s.json","modules":["a",{"module":"b"}],"limit":1}')).toEqual({
      values: new Map([['limit', { value: '1', from: 'limit in c.json' }]]),
      modules: ['a', { module: 'b' }],
    })
  })

  it('holds flags by name', () => {
    expect(read('{"format":"json","limit":5,"domain":["a","b"],"quiet":true}')).toEqual({
      format: 'json',
      limit: '5',
      domain: ['a', 'b'],
      quiet: true,
    })
    expect(read('{"domain":"a"}')).toEqual({ domain: ['a'] })
  })

  it.each([
    ['{"fromat":1}', 'unknown key in c.json: fromat, did you mean format?'],
    ['{"limit":true}', 'limit in c.json must be a string or a number, got true'],
    ['{"domain":[1]}', 'domain in c.json must be a string or a list of strings, got [1]'],
    ['{"quiet":"yes"}', 'quiet in c.json must be true or false, got "yes"'],
    ['{"modules":{}}', 'modules in c.json must be an array, got {}'],
    ['[]', 'c.json must hold an object of flags and their values'],
    ['null', 'c.json must hold an object of flags and their values'],
  ])('%s is refused', (text, message) => {
    expect(() => read(text)).toThrowError(invalid(message))
  })

  it('says that it is not JSON', () => {
    expect(() => read('{')).toThrowError(
      expect.objectContaining({
        code: 'CT_OPTION_INVALID',
        message: expect.stringMatching(/^c\.json is not JSON: .+$/),
      }),
    )
  })
})

describe('precedence', () => {
  const layer = (given: Record<string, string | boolean | string[]>, from: string) =>
    new Map(Object.entries(given).map(([name, value]) => [name, { value, from: `${from} ${name}` }]))
  const merge = (...layers: ReturnType<typeof layer>[]) =>
    Object.fromEntries([...mergeLayers(layers, streamFlags)].map(([name, { value }]) => [name, value]))

  it('is flag, variable, file; lists are replaced, not joined', () => {
    expect(
      merge(
        layer({ format: 'text', domain: ['f'] }, 'flag'),
        layer({ format: 'json', limit: '2' }, 'variable'),
        layer({ format: 'pretty', limit: '3', domain: ['a', 'b'], quiet: true }, 'file'),
      ),
    ).toEqual({ format: 'text', limit: '2', domain: ['f'], quiet: true })
  })

  it('lets a flag take back its opposite', () => {
    expect(merge(layer({ 'no-checkpoint': true }, 'flag'), layer({ checkpoint: 'a.db' }, 'file'))).toEqual({
      'no-checkpoint': true,
    })
    expect(merge(layer({ checkpoint: 'a.db' }, 'flag'), layer({ 'no-checkpoint': true }, 'variable'))).toEqual({
      checkpoint: 'a.db',
    })
    expect(merge(layer({ 'no-checkpoint': false }, 'flag'), layer({ checkpoint: 'a.db' }, 'file'))).toEqual({
      'no-checkpoint': false,
      checkpoint: 'a.db',
    })
    expect(() => merge(layer({ checkpoint: 'a.db', 'no-checkpoint': true }, 'flag'))).toThrowError(
      invalid('flag checkpoint and flag no-checkpoint exclude each other'),
    )
  })

  it('lets a log named by hand take the place of a selection, and the other way round', () => {
    const named = { log: ['https://a.example/'], key: ['AA=='] }
    const selected = { 'log-list': ['a.json'], operator: ['A'] }
    expect(merge(layer(named, 'flag'), layer({ ...selected, quiet: true }, 'file'))).toEqual({ ...named, quiet: true })
    expect(merge(layer(selected, 'flag'), layer(named, 'variable'))).toEqual(selected)
    expect(() => merge(layer({ ...named, ...selected }, 'flag'))).toThrowError(/exclude each other$/)
  })
})

describe('values', () => {
  const values = (given: Record<string, string>) =>
    new Values(new Map(Object.entries(given).map(([name, value]) => [name, { value, from: 'CT_STREAM_X' }])))

  it.each(['0', '-1', '1.5', '1e3', 'x', '', '9007199254740993', '101', ' 5'])('no integer from 1 to 100: %j', (x) => {
    expect(() => values({ limit: x }).integer('limit', 1, 100)).toThrowError(
      invalid(`CT_STREAM_X must be an integer from 1 to 100, got ${JSON.stringify(x)}`),
    )
  })

  it('are read by type', () => {
    expect(values({ limit: '100' }).integer('limit', 1, 100)).toBe(100)
    expect(values({}).integer('limit', 1)).toBeUndefined()
    expect(values({}).from('limit')).toBe('--limit')
    expect(() => values({ a: 'z' }).choice('a', ['x', 'y'])).toThrowError(
      invalid('CT_STREAM_X must be one of x, y, got "z"'),
    )
  })
})
