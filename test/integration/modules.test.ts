import { execFile, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { cpSync, mkdirSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestLog, issueCertificates, type TestLog } from '../../src/testing/index.js'

const root = join(import.meta.dirname, '..', '..')
const fixture = join(root, 'fixtures', 'packages', 'ct-stream-module-long-lived')
// Somebody's project, with the built package and one of a stranger installed. Below ours, so that zod is found.
const project = join(root, 'test', '.build', 'project')
const installed = join(project, 'node_modules', 'ct-stream-module-long-lived')
const guide = readFileSync(join(root, 'src', 'modules', 'README.md'), 'utf8')
const blocks = [...guide.matchAll(/```(js|json)\n([\s\S]*?)```/g)].map(([, kind, text = '']) => ({ kind, text }))
const write = (name: string, text: string) => writeFileSync(join(project, name), text)

let log: TestLog
beforeAll(async () => {
  rmSync(project, { recursive: true, force: true })
  mkdirSync(join(project, 'node_modules'), { recursive: true })
  symlinkSync(root, join(project, 'node_modules', 'ct-stream'), 'dir')
  cpSync(fixture, installed, { recursive: true })
  write('package.json', '{ "type": "module" }')
  const at = (days: number, name: string) => ({
    dnsNames: [name],
    notBefore: new Date('2026-01-01'),
    notAfter: new Date(Date.UTC(2026, 0, 1 + days)),
  })
  log = await createTestLog({ entries: issueCertificates([at(90, 'short.example'), at(398, 'long.example')]) })
})
afterAll(async () => {
  await log.close()
  rmSync(project, { recursive: true, force: true })
})

/** Runs the built command line in the project, on the log from its first entry to its last. */
async function run(...argv: string[]) {
  const source = ['--log', log.url, '--key', log.key, '--start', 'beginning', '--end', 'head', '--no-checkpoint']
  const isStream = argv[0]?.startsWith('-')
  const command = [join(root, 'dist', 'cli.js'), ...(isStream ? source : []), ...argv]
  const options = { cwd: project, env: { ...process.env, NODE_OPTIONS: '' } }
  const { code = 0, stdout, stderr } = await promisify(execFile)(process.execPath, command, options).catch((e) => e)
  return { code: code as number, stdout: String(stdout), stderr: String(stderr) }
}
const findingsOf = (text: string) =>
  text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))

describe('the guide to modules', () => {
  it('shows the files of a package that exists', () => {
    const files = readdirSync(fixture).filter((name) => name.endsWith('.js'))
    const texts = blocks.filter(({ kind }) => kind === 'js').map(({ text }) => text)
    for (const file of files) expect(texts).toContain(readFileSync(join(fixture, file), 'utf8'))
    expect(files).toHaveLength(2)
  })

  it('has a test that passes where the package is installed', () => {
    const { status, stdout } = spawnSync(process.execPath, ['--test'], {
      cwd: installed,
      encoding: 'utf8',
      env: { PATH: process.env.PATH },
    })
    expect(stdout).toMatch(/pass 1\b/)
    expect(status).toBe(0)
  })

  it('has a config file that finds the package by its name', async () => {
    write('guide.json', blocks.find(({ kind }) => kind === 'json')?.text ?? '')
    const { code, stdout, stderr } = await run('--config', 'guide.json')
    expect([code, stderr]).toEqual([0, ''])
    expect(findingsOf(stdout)).toMatchObject([
      { module: 'long-lived', reasons: [{ text: 'valid for 90 days' }] },
      { module: 'long-lived', reasons: [{ text: 'valid for 398 days' }] },
    ])
    expect(readFileSync(join(project, 'long.jsonl'), 'utf8')).toBe(stdout)
    const listed = await run('modules', '--config', 'guide.json')
    expect(listed.stdout).toMatch(
      /^long-lived +ready +certificates .*\{"days":30\} +certificates that are valid for long$/m,
    )
    const { stdout: schema } = await run('config', 'schema', '--config', 'guide.json')
    expect(schema).toContain('Certificates valid for more days than this are reported.')
  })

  it('has an output that retries until every finding is received', async () => {
    const received: string[] = []
    const statuses = [503, 200]
    const server = createServer(async (request, response) => {
      const body = (await request.toArray()).join('')
      response.statusCode = statuses.shift() ?? 200
      if (response.statusCode === 200) received.push(...body.trim().split('\n'))
      response.end()
    })
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
    write('notify.js', blocks.find(({ text }) => text.includes("name: 'notify'"))?.text ?? '')
    const options = JSON.stringify({ url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` })
    const { code, stdout, stderr } = await run('-m', 'long-lived:{"days":1}', '-m', `./notify.js:${options}`)
    server.close()
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^warn: \[notify\] failed, is tried again [^\n]* 503\n$/)])
    expect(received).toEqual(findingsOf(stdout).map(({ id }) => `${id} long-lived "long-lived"`))
    expect(received).toHaveLength(2)
  })
})

describe('a config file in TypeScript', () => {
  it('runs on a Node.js that reads TypeScript, and is refused with a clear message on others', async () => {
    write(
      'mine.ts',
      `import { defineModule } from 'ct-stream/modules'
import type { CtCertificate } from 'ct-stream'
const isMine = ({ dnsNames }: CtCertificate): boolean => dnsNames.includes('long.example')
export default defineModule({ name: 'mine', onCertificate(c, { emit }) { if (isMine(c)) emit({ kind: 'mine', reason: 'it is' }) } })`,
    )
    write(
      'config.ts',
      `import mine from './mine.ts'
export default { modules: [mine, { module: 'long-lived', options: { days: 100 as number } }] }`,
    )
    const { code, stdout, stderr } = await run('--config', 'config.ts')
    if ((process.features as { typescript?: unknown }).typescript) {
      expect(code).toBe(0)
      expect(
        findingsOf(stdout)
          .map(({ module }) => module)
          .sort(),
      ).toEqual(['long-lived', 'mine'])
    } else {
      expect([code, stderr]).toEqual([
        2,
        expect.stringMatching(/config\.ts cannot be imported: it is TypeScript, which Node\.js reads from 22\.18 on/),
      ])
    }
  })
})

describe('the built command line', () => {
  it('shows the findings of a module in the demo, offline', async () => {
    const { code, stdout, stderr } = await run('demo', '--limit', '40', '--module', 'long-lived:{"days":5}')
    expect([code, stderr]).toEqual([0, ''])
    expect(findingsOf(stdout).length).toBeGreaterThan(10)
  })

  it('ends in time at SIGTERM although a module hangs, and says which work is not finished', async () => {
    write(
      'hangs.js',
      `import { defineModule } from 'ct-stream/modules'
export default defineModule({ name: 'hangs', onCertificate: () => new Promise(() => {}) })`,
    )
    const cli = [join(root, 'dist', 'cli.js'), 'demo', '-m', './hangs.js', '-m', 'long-lived:{"days":5}']
    const child = spawn(process.execPath, cli, { cwd: project, stdio: ['ignore', 'pipe', 'pipe'] })
    let stderr = ''
    child.stderr.setEncoding('utf8').on('data', (text) => {
      stderr += text
    })
    await once(child.stdout, 'data')
    const begun = performance.now()
    child.kill('SIGTERM')
    const [code] = await once(child, 'exit')
    expect(code).toBe(0)
    expect(performance.now() - begun).toBeLessThan(5000)
    expect(stderr).toMatch(
      /^warn: \[hangs\] stopped with \d+ certificates or findings unfinished, which are not acknowledged$/m,
    )
  })

  /** Packages that a run loads. */
  async function loadedBy(...argv: string[]): Promise<string[]> {
    write(
      'watch-loading.mjs',
      `import { registerHooks } from 'node:module'
import { writeSync } from 'node:fs'
registerHooks({ load(url, context, next) { writeSync(2, 'loaded ' + url + '\\n'); return next(url, context) } })`,
    )
    const hooked = await promisify(execFile)(
      process.execPath,
      ['--import', './watch-loading.mjs', join(root, 'dist', 'cli.js'), ...argv],
      { cwd: project },
    )
    return [
      ...new Set(
        [...hooked.stderr.matchAll(/^loaded .*node_modules\/((?:@[^/]+\/)?[^/]+)/gm)].map(([, name = '']) => name),
      ),
    ]
  }

  it.skipIf(process.version.startsWith('v20.'))('loads zod only for modules that need it', async () => {
    const source = ['--log', log.url, '--key', log.key, '--start', 'beginning', '--end', 'head', '--no-checkpoint']
    expect(await loadedBy(...source)).not.toContain('zod')
    expect(await loadedBy(...source, '--module', 'long-lived')).toContain('zod')
  })
})
