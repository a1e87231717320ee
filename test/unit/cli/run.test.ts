import { describe, expect, it } from 'vitest'
import type { Command } from '../../../src/cli/command.js'
import { commands } from '../../../src/cli/commands.js'
import { commonFlags, formatFlags, reportFlags, uniqueFlags } from '../../../src/cli/flags/flags.js'
import { given } from '../../../src/cli/flags/given.js'
import { Values } from '../../../src/cli/flags/values.js'
import type { CliIo } from '../../../src/cli/io.js'
import { runCli } from '../../../src/cli/run.js'
import { logLevelFrom, reporter, reportLine } from '../../../src/cli/terminal/report.js'
import { noStyle } from '../../../src/cli/terminal/style.js'
import { stoppedBefore } from '../../../src/cli/until-there.js'
import { CtStreamError } from '../../../src/errors.js'
import { quietController } from '../../../src/util/abort.js'
import { VERSION } from '../../../src/version.js'
import { sampleIo, sink } from './sample-io.js'

/** Runs a command line of two commands that tell what they were given. */
async function run(
  argv: string,
  {
    env = {},
    files = {},
    fails,
  }: { env?: Record<string, string>; files?: Record<string, string>; fails?: unknown } = {},
) {
  const calls: unknown[] = []
  const tell =
    (name: string): Command['run'] =>
    async ({ values, positionals }) => {
      if (fails !== undefined) throw fails
      calls.push([name, values.text('format'), values.switch('quiet'), ...positionals])
    }
  const commands: Command[] = [
    {
      name: 'stream',
      summary: 'Streams.',
      positionals: [],
      flags: [...formatFlags, ...reportFlags, { name: 'checkpoint', type: 'text', value: 'FILE', help: '' }],
      run: tell('stream'),
    },
    { name: 'decode', summary: 'Decodes.', positionals: ['file'], flags: formatFlags, run: tell('decode') },
    { name: 'get', summary: '', positionals: ['log', 'index'], optional: ['log'], flags: [], run: tell('get') },
  ]
  const { io, stdout, stderr } = sampleIo(argv === '' ? [] : argv.split(' '), { env, files })
  const status = await runCli(io, commands)
  return { status, calls, stdout: stdout(), stderr: stderr() }
}

describe('the command line', () => {
  it.each([
    ['', ['stream', undefined, false]],
    ['stream --quiet', ['stream', undefined, true]],
    ['--format json', ['stream', 'json', false]],
    ['decode a.pem', ['decode', undefined, false, 'a.pem']],
    ['--format json decode -', ['decode', 'json', false, '-']],
    ['get 5', ['get', undefined, false, '5']],
    ['get a 5', ['get', undefined, false, 'a', '5']],
  ])('%j runs %j', async (argv, call) => {
    expect(await run(argv)).toEqual({ status: 0, calls: [call], stdout: '', stderr: '' })
  })

  it.each([
    ['--fromat json', 'unknown flag --fromat, did you mean --format?'],
    ['strem', 'unknown command strem, did you mean stream?'],
    ['stream more', 'ct-stream stream takes no argument "more"'],
    ['decode', 'ct-stream decode needs <file>'],
    ['get', 'ct-stream get needs <log>'],
    ['get a 5 6', 'ct-stream get takes no argument "6"'],
    ['help strem', 'unknown command strem, did you mean stream?'],
    ['hel', 'unknown command hel, did you mean help?'],
    ['decode a b', 'ct-stream decode takes no argument "b"'],
    ['decode --quiet a', '--quiet is no flag of ct-stream decode, but of ct-stream stream'],
    ['--config no.json', "--config cannot be read: ENOENT: no such file, open 'no.json'"],
  ])('%j is bad usage', async (argv, message) => {
    expect(await run(argv)).toEqual({ status: 2, calls: [], stdout: '', stderr: `ct-stream: ${message}\n` })
  })

  it('takes flags before variables before the file', async () => {
    const files = { 'ct-stream.config.json': '{"format":"pretty","quiet":true}', 'other.json': '{"format":"text"}' }
    const env = { CT_STREAM_FORMAT: 'domains' }
    expect((await run('', { files })).calls).toEqual([['stream', 'pretty', true]])
    expect((await run('', { files, env })).calls).toEqual([['stream', 'domains', true]])
    expect((await run('--format json', { files, env })).calls).toEqual([['stream', 'json', true]])
    expect((await run('--config other.json', { files })).calls).toEqual([['stream', 'text', false]])
    expect((await run('', { files, env: { CT_STREAM_CONFIG: 'other.json' } })).calls).toEqual([
      ['stream', 'text', false],
    ])
  })

  it('lets a config file that was only found write nowhere but to its own directory', async () => {
    const holding = (checkpoint: string) => ({ 'ct-stream.config.json': JSON.stringify({ checkpoint }) })
    for (const far of ['/home/me/.bashrc', '../a.db', 'a/../../b.db', 'C:\\a.db', '\\\\host\\a.db', 'file:///a.db'])
      expect(await run('', { files: holding(far) })).toEqual({
        status: 2,
        calls: [],
        stdout: '',
        stderr:
          'ct-stream: checkpoint in ct-stream.config.json is outside the working directory; to have it written, say --config ct-stream.config.json\n',
      })
    for (const near of ['a.db', 'state/a.db', './a..b.db'])
      expect(await run('', { files: holding(near) })).toMatchObject({ status: 0 })
    const named = await run('--config ct-stream.config.json', { files: holding('/var/lib/a.db') })
    expect(named).toMatchObject({ status: 0 })
  })

  it('lets a config file and variables hold flags of other commands', async () => {
    const files = { 'ct-stream.config.json': '{"quiet":true}' }
    expect(await run('decode a', { files, env: { CT_STREAM_QUIET: '1' } })).toMatchObject({ status: 0, stderr: '' })
  })

  it.each(commands)('gives $name no value of a config file that it has no flag for', async (command) => {
    const own = new Set([...command.flags, ...commonFlags].map(({ name }) => name))
    const others = uniqueFlags(commands.flatMap(({ flags }) => flags)).filter(
      ({ name, isFlagOnly }) => !own.has(name) && !isFlagOnly,
    )
    const sample = { switch: true, text: '1', list: ['a'] }
    const content = JSON.stringify(Object.fromEntries(others.map(({ name, type }) => [name, sample[type]])))
    const seen: string[] = []
    const telling: Command = {
      ...command,
      run: async ({ values }) => void seen.push(...others.flatMap(({ name }) => (values.has(name) ? [name] : []))),
    }
    const { io, stderr } = sampleIo([command.name, ...command.positionals], {
      files: { 'ct-stream.config.json': content },
    })
    const status = await runCli(io, [...commands.filter((one) => one !== command), telling])
    expect([status, stderr(), seen, others.length > 0]).toEqual([0, '', [], true])
  })

  it('checks also those keys of a config file that only other commands have', async () => {
    const bad = (content: string) => run('decode a', { files: { 'ct-stream.config.json': content } })
    expect(await bad('{"quit":true}')).toMatchObject({
      status: 2,
      stderr: expect.stringContaining('did you mean quiet?'),
    })
    expect(await bad('{"quiet":"yes"}')).toMatchObject({ status: 2, stderr: expect.stringContaining('true or false') })
  })

  it('speaks of variables that it does not know', async () => {
    const { status, stderr } = await run('', { env: { CT_STREAM_FROMAT: 'json', CT_STREAM_TEST_URL: 'x' } })
    expect(status).toBe(0)
    expect(stderr).toBe('ct-stream: unknown environment variable CT_STREAM_FROMAT, did you mean CT_STREAM_FORMAT?\n')
  })

  it('speaks of them as JSON lines for programs, whatever layer asks for that', async () => {
    const env = { CT_STREAM_FROMAT: 'json' }
    const files = { 'ct-stream.config.json': '{"log-format":"json"}' }
    for (const { stderr } of [
      await run('', { env: { ...env, CT_STREAM_LOG_FORMAT: 'json' } }),
      await run('', { env, files }),
      await run('--log-format json', { env }),
    ])
      expect(JSON.parse(stderr)).toMatchObject({
        level: 'warn',
        message: 'unknown environment variable CT_STREAM_FROMAT, did you mean CT_STREAM_FORMAT?',
      })
  })

  it('speaks of them also where something else is wrong', async () => {
    const { status, stderr } = await run('', {
      env: { CT_STREAM_FROMAT: 'json' },
      files: { 'ct-stream.config.json': '{' },
    })
    expect([status, stderr.split('\n')]).toEqual([
      2,
      [expect.stringContaining('CT_STREAM_FROMAT'), expect.stringContaining('ct-stream.config.json'), ''],
    ])
  })

  it('says in one line why it failed', async () => {
    const fails = new CtStreamError('CT_CHECKPOINT_CONFLICT', 'in use by\nsomebody \u001b[1m')
    expect(await run('', { fails })).toMatchObject({
      status: 1,
      stderr: 'ct-stream: in use by\\x0asomebody \\x1b[1m (CT_CHECKPOINT_CONFLICT)\n',
    })
    const invalid = new CtStreamError('CT_OPTION_INVALID', 'contact must be …')
    expect(await run('', { fails: invalid })).toMatchObject({ status: 2, stderr: 'ct-stream: contact must be …\n' })
    expect(await run('', { fails: 'odd' })).toMatchObject({ status: 1, stderr: 'ct-stream: odd\n' })
  })

  it('says that it was interrupted, not how', async () => {
    const stop = new AbortController()
    stop.abort()
    const command: Command = {
      ...{ name: 'get', summary: '', positionals: [], flags: [] },
      run: async ({ io }) => io.stop.throwIfAborted(),
    }
    const { io, stderr } = sampleIo([], { changes: { stop: stop.signal } })
    expect([await runCli(io, [command]), stderr()]).toEqual([1, 'ct-stream: interrupted\n'])
  })

  const stoppedWhile = async (whenStopped: Command['whenStopped'], work: (io: CliIo) => Promise<void>) => {
    const stop = quietController()
    const command: Command = {
      ...{ name: 'get', summary: '', positionals: [], flags: [], ...given({ whenStopped }) },
      async run({ io }) {
        setImmediate(() => stop.abort())
        await work(io)
      },
    }
    const { io, stderr } = sampleIo([], { changes: { stop: stop.signal } })
    return [await runCli(io, [command]), stderr()]
  }

  it('does not wait for a command that does not listen', async () => {
    expect(await stoppedWhile(undefined, () => new Promise(() => {}))).toEqual([1, 'ct-stream: interrupted\n'])
  })

  it('lets a command that listens finish what it has begun', async () => {
    const listens = ({ stop }: CliIo) => new Promise<void>((done) => stop.addEventListener('abort', () => done()))
    expect(await stoppedWhile('done', listens)).toEqual([0, ''])
    expect(await stoppedWhile('interrupted', listens)).toEqual([0, ''])
  })

  it('is done when a stream was stopped before it began, and a command whose work has an end is not', async () => {
    const waits = async ({ stop }: CliIo) => {
      await new Promise((done) => stop.addEventListener('abort', done))
      throw stoppedBefore
    }
    expect(await stoppedWhile('done', waits)).toEqual([0, ''])
    expect(await stoppedWhile('interrupted', waits)).toEqual([1, 'ct-stream: interrupted\n'])
  })

  it('shows its help and version, whatever else is missing', async () => {
    const { status, stdout } = await run('--help')
    expect(status).toBe(0)
    expect(stdout).toContain('Usage: ct-stream [command] [flags]')
    expect(stdout).toMatch(/Commands:\n {2}stream +Streams\.\n {2}decode +Decodes\.\n/)
    expect((await run('help stream')).stdout).toContain('-q, --quiet')
    expect(await run('--quiet -h')).toEqual(await run('--help'))
    const decode = await run('decode -h')
    expect(decode.stdout).toContain('Usage: ct-stream decode <file> [flags]')
    expect(decode.stdout).not.toContain('--quiet')
    expect(await run('help')).toEqual(await run('--help'))
    expect(await run('help decode')).toEqual(decode)
    expect((await run('help get')).stdout).toContain('Usage: ct-stream get [log] <index> [flags]')
    expect(await run('-V')).toMatchObject({ status: 0, stdout: `${VERSION}\n` })
  })
})

describe('the report on stderr', () => {
  const values = (given: Record<string, string | boolean>) =>
    new Values(new Map(Object.entries(given).map(([name, value]) => [name, { value, from: name }])))

  it('has a level', () => {
    expect(logLevelFrom(values({}))).toBe('warn')
    expect(logLevelFrom(values({ quiet: true }))).toBe('error')
    expect(logLevelFrom(values({ quiet: true, 'log-level': 'debug' }))).toBe('debug')
    expect(() => logLevelFrom(values({ 'log-level': 'loud' }))).toThrowError('log-level must be one of silent')
    const lines = (level: Parameters<typeof reporter>[1]) => {
      const { stream, text } = sink()
      const logger = reporter(stream, level, noStyle)
      for (const name of ['debug', 'info', 'warn', 'error'] as const) logger[name]('m')
      return text()
    }
    expect(lines('silent')).toBe('')
    expect(lines('warn')).toBe('warn: m\nerror: m\n')
    expect(lines('debug')).toBe('debug: m\ninfo: m\nwarn: m\nerror: m\n')
  })

  it('is one harmless line', () => {
    const error = new CtStreamError('CT_HTTP_STATUS', 'answered 503')
    expect(reportLine('a\nb', { log: 'x\u202e', start: 5, error, none: undefined })).toBe(
      'a\\x0ab log="x\\u{202e}" start=5 error="answered 503"',
    )
  })
})
