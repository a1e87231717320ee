import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { CliIo } from '../../../../src/cli/io.js'
import { systemClock } from '../../../../src/util/clock.js'
import { type EmbeddedLogs, embeddedLogs, runWith } from '../embedded.js'
import { sink } from '../sample-io.js'

const folder = mkdtempSync(join(tmpdir(), 'ct-stream-cli-'))
const path = (name: string) => join(folder, name)
let logs: EmbeddedLogs
beforeAll(async () => {
  logs = await embeddedLogs()
  mkdirSync(path('many'))
  // Made by hand, as another copy of the package would.
  const write = (name: string, body: string) =>
    writeFileSync(
      path(name),
      `const module = { ${body}, with: (options, use) => ({ ...use, module, options }) }
Object.defineProperty(module, Symbol.for('ct-stream.module'), { value: true })
export default module\n`,
    )
  write('every.mjs', everyBody('every'))
  write('fails.mjs', `name: 'fails', onCertificate() { throw new Error('out of luck \\x1b[31m') }`)
  write(
    'hostile.mjs',
    `name: 'hostile', onCertificate(c, { emit }) { emit({ kind: 'x', reason: '\\x1b[31m\\n\\u202e' }) }`,
  )
})
afterAll(async () => {
  await logs.close()
  rmSync(folder, { recursive: true, force: true })
})

/** Reports each entry by its index. */
const everyBody = (name: string) =>
  `name: '${name}', onCertificate(c, { emit }) { emit({ kind: 'seen', subject: String(c.index), severity: 'high', reason: 'is there' }) }`

function run(argv: readonly string[], changes: Partial<CliIo> = {}, files: Record<string, string> = {}) {
  const { url, key } = logs.classic
  const range = ['--log', url, '--key', key, '--start', 'beginning', '--end', 'head']
  const store = argv.includes('--checkpoint') ? [] : ['--no-checkpoint']
  return runWith([...range, ...store, ...argv], { files, changes: { clock: systemClock, ...changes } })
}
const indexes = Array.from({ length: 300 }, (_, i) => i)
const findingsOf = (text: string) =>
  text
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { id: string; certificate: { index: number } })
const indexesOf = (text: string) => findingsOf(text).map(({ certificate }) => certificate.index)

describe('ct-stream --sink', () => {
  it.each([
    ['a flag', ['--sink', 'postgres://nowhere.invalid/ct'], {}, '--sink'],
    ['a key of the file', [], { sink: 'postgres://nowhere.invalid/ct' }, 'sink in my.json'],
  ])('is refused as %s beside modules of the config file, which would get nothing', async (_, argv, keys, from) => {
    const files = { 'my.json': JSON.stringify({ ...keys, modules: ['./every.mjs'] }) }
    expect(await run([...argv, '--config', 'my.json'], {}, files)).toEqual({
      code: 2,
      stdout: '',
      stderr: `ct-stream: ${from} and modules in my.json exclude each other: a sink gets entries, and no module does\n`,
    })
  })
})

describe('ct-stream --module', () => {
  it('shows findings instead of certificates, as JSON lines in a pipe', async () => {
    const { code, stdout, stderr } = await run(['--module', path('every.mjs')])
    expect([code, stderr]).toEqual([0, ''])
    expect(indexesOf(stdout)).toEqual(indexes)
  })

  it('shows findings in harmless characters, on lines that fit a terminal', async () => {
    const text = await run(['-m', path('hostile.mjs'), '--format', 'text', '--limit', '3'])
    // A precertificate and its certificate have one finding.
    expect(text.stdout.split('\n')).toHaveLength(3)
    expect(text.stdout).toMatch(/^\S+Z {2}medium 50 {5}\S+.* {2}\\x1b\[31m\\x0a\\u\{202e\} {2}hostile x {2}.* #0\n/)
    const terminal = sink()
    const stdout = Object.assign(terminal.stream, { isTTY: true, columns: 60 })
    await run(['-m', path('every.mjs'), '--limit', '1'], { stdout, env: { NO_COLOR: '1' } })
    expect(terminal.text()).toMatch(/^\S+Z {2}high 75 {7}\S+\.\S+.*…\n$/)
    expect(terminal.text().length).toBeLessThanOrEqual(61)
  })

  it('takes options, and passes findings on to outputs of this package by their short names', async () => {
    const file = path('findings.jsonl')
    const output = `jsonl:${JSON.stringify({ file })}`
    const { code, stdout, stderr } = await run(['--module', path('every.mjs'), '--module', output])
    expect([code, stderr]).toEqual([0, ''])
    expect(readFileSync(file, 'utf8')).toBe(stdout)
  })

  it('goes on behind the entries whose findings were written', async () => {
    const store = ['--checkpoint', path('positions.db')]
    const first = await run([...store, '--module', path('every.mjs'), '--limit', '120'])
    expect([first.code, indexesOf(first.stdout)]).toEqual([0, indexes.slice(0, 120)])
    const second = await run([...store, '--module', path('every.mjs'), '--quiet'])
    expect([second.code, indexesOf(second.stdout)]).toEqual([0, indexes.slice(120)])
  })

  it('goes on beside a module that fails, and says so', async () => {
    const { code, stdout, stderr } = await run(['--module', path('fails.mjs'), '--module', path('every.mjs')])
    expect([code, indexesOf(stdout)]).toEqual([0, indexes])
    expect(stderr).toMatch(
      /^error: \[fails\] failed, and goes on without entry 0 of http[^\n]*out of luck \\x1b\[31m\n/,
    )
  })

  it('ends quietly when nobody reads the findings any more', async () => {
    const { stream: stdout } = sink()
    stdout._write = (_, __, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }))
    const { code, stderr } = await run(['--module', path('every.mjs'), '--checkpoint', path('pipe.db')], { stdout })
    expect([code, stderr]).toEqual([0, expect.not.stringContaining('ct-stream:')])
    const again = await run(['--module', path('every.mjs'), '--checkpoint', path('pipe.db')])
    expect(indexesOf(again.stdout)).toEqual(indexes)
  })

  it('ends at a signal', async () => {
    const stop = new AbortController()
    const stdout = sink()
    const running = run(
      ['--module', path('every.mjs'), '--end', 'never'].filter((_, i) => i < 2),
      {
        stop: stop.signal,
        stdout: stdout.stream,
      },
    )
    while (stdout.text() === '') await new Promise((done) => setImmediate(done))
    stop.abort()
    expect((await running).code).toBe(0)
  })

  it.each([
    [['--module', './gone.mjs'], '--module ./gone.mjs: module `./gone.mjs` is not found: there is no '],
    [['--module', 'jsonl'], '--module jsonl: module `jsonl`: option `file`: '],
    [['--module', 'jsonl:{"file":'], '--module jsonl:{"file":: module `jsonl:{"file":` is not found'],
    [['--module', 'jsonl:{file}'], '--module jsonl: its options are not JSON: '],
    [
      ['--module', 'jsonl:{"file":"a","files":1}'],
      '--module jsonl: module `jsonl`: option `files` does not exist, did you mean `file`?',
    ],
    [
      ['-m', 'csv:{"file":"a"}', '-m', 'csv:{"file":"b"}'],
      'two modules are named `csv`: give one of them another `name`',
    ],
    [
      ['--module', 'csv:{"file":"a"}', '--format', 'domains'],
      '--format shows certificates, and with modules stdout has findings',
    ],
    [
      ['--module', 'csv:{"file":"a"}', '--template', '{index}'],
      '--template shows certificates, and with modules stdout',
    ],
  ])('%j is bad usage', async (argv, message) => {
    const { code, stdout, stderr } = await run(argv)
    expect([code, stdout]).toEqual([2, ''])
    expect(stderr).toMatch(/^ct-stream: [^\n]*\n$/)
    expect(stderr).toContain(`ct-stream: ${message}`)
  })
})

describe('modules of a config file', () => {
  const config = (modules: readonly unknown[]) => ({ [path('c.json')]: JSON.stringify({ modules }) })
  const named = ['--config', path('c.json')]

  it('are found beside the file, and run before those of flags', async () => {
    const file = path('from-config.jsonl')
    const { code, stdout, stderr } = await run(
      [...named, '--module', `jsonl:${JSON.stringify({ file })}`],
      {},
      {
        ...config([{ module: './every.mjs', name: 'mine', limits: { concurrency: 2 } }]),
      },
    )
    expect([code, stderr]).toEqual([0, ''])
    expect(findingsOf(stdout)[0]).toMatchObject({ module: 'mine' })
    expect(readFileSync(file, 'utf8')).toBe(stdout)
  })

  it('may be values where the file is a program', async () => {
    writeFileSync(
      path('c.mjs'),
      `import every from './every.mjs'\nexport default { modules: [every.with({}, { name: 'own' })] }`,
    )
    const { code, stdout } = await run(['--config', path('c.mjs'), '--limit', '1'])
    expect([code, findingsOf(stdout)]).toEqual([0, [expect.objectContaining({ module: 'own' })]])
  })

  it.each([
    [[{ module: 'jsonl', options: { file: 5 } }], 'modules[0] in C: module `jsonl`: option `file`: '],
    [
      ['./every.mjs', { module: './every.mjs', limits: { concurrenzy: 1 } }],
      'modules[1] in C: option `module `every` limits.concurrenzy` does not exist, did you mean `concurrency`?',
    ],
    [[5], 'modules[0] in C: module `5` is neither a module nor the name of one'],
    [
      [{ module: './every.mjs', after: ['jsonl'] }],
      'module `every` is to come after `jsonl`, which is not in this run',
    ],
  ])('are refused with their place: %j', async (modules, message) => {
    const { code, stderr } = await run(named, {}, config(modules))
    expect([code, stderr]).toEqual([2, expect.stringContaining(`ct-stream: ${message.replace('C', path('c.json'))}`)])
  })

  it('of a file that was only found do not run', async () => {
    const files = { 'ct-stream.config.json': JSON.stringify({ modules: [path('every.mjs')] }) }
    expect(await run([], {}, files)).toEqual({
      code: 2,
      stdout: '',
      stderr:
        'ct-stream: modules in ct-stream.config.json are programs, and that file was only found here; to have them run, say --config ct-stream.config.json\n',
    })
    const sneaky = { 'ct-stream.config.json': JSON.stringify({ module: [path('every.mjs')] }) }
    expect((await run([], {}, sneaky)).stderr).toContain(
      'unknown key in ct-stream.config.json: module, did you mean modules?',
    )
  })
})
