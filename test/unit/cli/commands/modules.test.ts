import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Ajv } from 'ajv'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { ownModuleNames } from '../../../../src/cli/modules/own-modules.js'
import { MetricsEndpoint } from '../../../../src/metrics/endpoint.js'
import { defineModule, runModules } from '../../../../src/modules/index.js'
import { madeCertificates } from '../../../support/module-certificates.js'
import { runWith } from '../embedded.js'

const root = join(import.meta.dirname, '..', '..', '..', '..')
const folder = mkdtempSync(join(tmpdir(), 'ct-stream-cli-'))
const config = join(folder, 'c.json')
beforeAll(() => {
  const code = `import { defineModule } from ${JSON.stringify(join(root, 'src/modules/index.ts'))}
import { z } from ${JSON.stringify(join(root, 'node_modules/zod/index.js'))}
export default defineModule({
  name: 'ev', description: 'only EV', options: z.strictObject({ country: z.string().length(2), limit: z.number().default(5) }),
  onCertificate() {},
})`
  writeFileSync(join(folder, 'ev.ts'), code)
})
afterAll(() => rmSync(folder, { recursive: true }))

const run = (argv: readonly string[], modules?: readonly unknown[]) =>
  modules === undefined
    ? runWith(argv)
    : runWith([...argv, '--config', config], { files: { [config]: JSON.stringify({ modules }) } })
const webhook = {
  module: 'webhook',
  options: { url: 'https://hooks.example/T0/s3cret', secret: '0123456789abcdef', shape: 'slack' },
}

describe('ct-stream modules --running', () => {
  it('shows the counters of the modules of another process', async () => {
    const endpoint = new MetricsEndpoint()
    const port = new URL(await endpoint.listen('127.0.0.1', 0)).port
    onTestFinished(() => endpoint.close())
    const noisy = defineModule({
      name: 'noisy',
      limits: { onError: 'skip' },
      onCertificate(_, { emit }) {
        emit({ kind: 'seen', reason: 'seen' })
        throw new Error('no luck')
      },
    })
    const modules = runModules(madeCertificates(3), [noisy, defineModule({ name: 'sink', onFinding() {} })])
    endpoint.exposition.attachModules(modules)
    await modules.done
    const { code, stdout, stderr } = await run(['modules', '--running', `http://127.0.0.1:${port}`])
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout.split('\n').map((line) => line.split(/ +/))).toEqual([
      'MODULE STATE CERTIFICATES FINDINGS REPORTED REPEATS DROPPED SKIPPED ERRORS WAITING'.split(' '),
      ['noisy', 'stopped', '0', '0', '3', '0', '0', '3', '3', '0'],
      ['sink', 'stopped', '0', '3', '0', '0', '0', '0', '0', '0'],
      [''],
    ])
    const { stdout: json, stderr: again } = await run([
      'modules',
      '--json',
      '--running',
      `http://127.0.0.1:${port}/metrics`,
    ])
    expect(again).toBe('')
    expect(JSON.parse(json)).toMatchObject([
      { name: 'noisy', emitted: 3, errors: 3 },
      { name: 'sink', findings: 3 },
    ])
  })

  it('says what is wrong with a URL, with who answers there, and that nobody does', async () => {
    const said = async (url: string) => (await run(['modules', '--running', url])).stderr
    expect(await said('9464')).toMatch(/--running must be a URL such as/)
    const endpoint = new MetricsEndpoint()
    const url = await endpoint.listen('127.0.0.1', 0)
    expect(await said(url)).toMatch(/has no metrics of modules/)
    expect(await said(new URL('/nothing', url).href)).toMatch(/answers 404/)
    await endpoint.close()
    expect(await said(url)).toMatch(/cannot be asked: [a-zA-Z]/)
  })
})

describe('ct-stream modules', () => {
  it('lists those of this package with the names of their options', async () => {
    const { code, stdout, stderr } = await run(['modules'])
    expect([code, stderr]).toEqual([0, ''])
    for (const name of ownModuleNames) expect(stdout).toMatch(new RegExp(`^${name} +available `, 'm'))
    expect(stdout).toMatch(/^jsonl .* file, rotateBytes, .* findings or certificates as JSON lines in a file$/m)
  })

  it('lists those that are asked for, in their order, with options and state, and no secrets', async () => {
    const list = [webhook, { module: './ev.ts', options: { country: 'NL' }, acknowledge: true }]
    const { code, stdout, stderr } = await run(['modules', '--json', '--module', 'csv:{"file":"a.csv"}'], list)
    expect([code, stderr]).toEqual([0, ''])
    expect(stdout).not.toMatch(/s3cret|0123456789abcdef/)
    expect(JSON.parse(stdout)).toMatchObject([
      {
        name: 'webhook',
        state: 'ready',
        gets: ['findings'],
        options: { url: 'https://hooks.example/…', secret: '(hidden)', shape: 'slack' },
      },
      {
        name: 'ev',
        state: 'ready',
        gets: ['certificates'],
        acknowledge: true,
        options: { country: 'NL', limit: 5 },
        description: 'only EV',
      },
      { name: 'csv', state: 'ready', options: { file: 'a.csv' } },
    ])
  })

  it('shows what is wrong with each, and fails with the first', async () => {
    const list = ['./gone.js', { module: './ev.ts', options: { country: 'NLD' } }, webhook]
    const { code, stdout, stderr } = await run(['modules', '--json'], list)
    expect(code).toBe(2)
    expect(stderr).toMatch(
      /^ct-stream: modules\[0\] in .*c\.json: module `\.\/gone\.js` is not found: there is no [^\n]*\n$/,
    )
    expect(JSON.parse(stdout)).toMatchObject([
      { name: `modules[0] in ${config}`, state: 'wrong' },
      {
        name: `modules[1] in ${config}`,
        state: 'wrong',
        problem: expect.stringMatching(/^module `ev`: option `country`: /),
      },
      { name: 'webhook', state: 'ready' },
    ])
  })
})

describe('ct-stream config schema', () => {
  const schemaFor = async (modules?: readonly unknown[]) => {
    const { code, stdout, stderr } = await run(['config', 'schema'], modules)
    expect([code, stderr]).toEqual([0, ''])
    const validate = new Ajv({ strict: true, allowUnionTypes: true, allErrors: true, formats: { uri: true } }).compile(
      JSON.parse(stdout),
    )
    return (value: unknown) => {
      validate(value)
      return (validate.errors ?? []).map(({ instancePath }) => instancePath)
    }
  }

  it('accepts what the command line accepts', async () => {
    const errors = await schemaFor()
    for (const good of [
      {},
      {
        $schema: './s.json',
        'log-list': ['a', 'b'],
        limit: 5,
        format: 'json',
        start: '7d',
        quiet: true,
        kind: 'rfc6962',
      },
      {
        modules: [
          './a.js',
          'sqlite',
          { module: 'jsonl', options: { file: 'a', gzip: true }, name: 'x', limits: { concurrency: 2 } },
        ],
      },
      { modules: [webhook, { module: './own.js', options: { anything: [1] }, after: ['webhook'] }] },
    ]) {
      expect(errors(good), JSON.stringify(good)).toEqual([])
    }
  })

  it('names the path of what is wrong', async () => {
    const errors = await schemaFor()
    expect(errors({ quiet: 'yes' })).toContain('/quiet')
    expect(errors({ module: ['a'] })).toContain('')
    expect(errors({ modules: ['a', { module: 'jsonl', options: { file: 5 } }] })).toContain('/modules/1/options/file')
    expect(errors({ modules: [{ module: 'ct-stream/outputs/csv' }] })).toContain('/modules/0')
    expect(errors({ modules: [{ module: './a.js', limits: { concurrency: 0 } }] })).toContain(
      '/modules/0/limits/concurrency',
    )
  })

  it('knows the options of modules that the config file names', async () => {
    const errors = await schemaFor([{ module: './ev.ts' }])
    expect(errors({ modules: [{ module: './ev.ts', options: { country: 'NL' } }] })).toEqual([])
    expect(errors({ modules: [{ module: './ev.ts', options: { country: 'NLD' } }] })).toContain(
      '/modules/0/options/country',
    )
  })

  it('is all there is to a config yet', async () => {
    expect(await run(['config', 'scheme'])).toEqual({
      code: 2,
      stdout: '',
      stderr: 'ct-stream: <schema> must be "schema", got "scheme"\n',
    })
  })
})
