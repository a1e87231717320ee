import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createTestLog, issueCertificates, type TestLog } from '../../src/testing/index.js'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const examples = join(root, 'examples')
// Inside the project, where `ct-stream` means the built package itself.
const built = join(root, 'test', '.build')
const place = mkdtempSync(join(tmpdir(), 'ct-stream-examples-'))

/** TypeScript blocks of the README. */
const blocks = [...readFileSync(join(root, 'README.md'), 'utf8').matchAll(/```ts\n([\s\S]*?)```/g)].map(
  (m) => m[1] ?? '',
)

let log: TestLog
beforeAll(async () => {
  log = await createTestLog({ kind: 'both', entries: issueCertificates(600, { sign: false }) })
  mkdirSync(join(built, 'readme'), { recursive: true })
  for (const [i, block] of blocks.entries()) writeFileSync(join(built, 'readme', `block-${i}.ts`), block)
  writeFileSync(join(built, 'pipeline.ts'), pipelineProgram())
  const files = readdirSync(examples).filter((file) => file.endsWith('.ts'))
  await build({
    entry: {
      ...Object.fromEntries(files.map((file) => [file.replace(/\.ts$/, ''), join(examples, file)])),
      pipeline: join(built, 'pipeline.ts'),
      readme: join(built, 'readme', `block-${testingBlock()}.ts`),
    },
    outDir: join(built, 'out'),
    format: 'esm',
    target: 'node20',
    outExtension: () => ({ js: '.mjs' }),
    config: false,
    silent: true,
    skipNodeModulesBundle: true,
  })
})
afterAll(async () => {
  await log.close()
  rmSync(built, { recursive: true, force: true })
  rmSync(place, { recursive: true, force: true })
})

const testingBlock = () => blocks.findIndex((block) => block.includes('ct-stream/testing'))
/** The pipeline of the README over the test's log, into a database that prints. */
const pipelineProgram = () => {
  const block = blocks.find((block) => block.includes("from 'node:stream/promises'")) ?? ''
  const opened = block.replace('ctStream({', `ctStream({ ...${options()},`)
  return `import { ctStream } from 'ct-stream'
    const database = { insert: async ([row]) => console.log(row.log.kind, row.index) }
    ${opened}
    await stream.commit().catch(() => {})
    console.log('left', stream.status().bufferedBytes)`
}
const node = (code: string) => run(process.execPath, ['--input-type=module', '-e', code], { cwd: root })
const url = (name: string) => JSON.stringify(pathToFileURL(join(built, 'out', `${name}.mjs`)).href)
const options = () => JSON.stringify({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false })

describe('the examples', () => {
  it('watch-domains prints what it watches for', async () => {
    const domain = [...issueCertificates(600, { sign: false })].flatMap(({ dnsNames }) => dnsNames)[0] ?? ''
    const watched = domain.replace(/^\*\./, '')
    const { stdout } = await node(`import { watchDomains } from ${url('watch-domains')}
      await watchDomains([${JSON.stringify(watched)}], ${options()})`)
    expect(stdout).toContain(watched)
  })

  it('exactly-once stores every certificate once, run after run', async () => {
    const file = JSON.stringify(join(place, 'certificates.db'))
    const program = `import { store } from ${url('exactly-once')}\nconsole.log(await store(${file}, ${options()}))`
    expect((await node(program)).stdout.trim()).toBe('600')
    expect((await node(program)).stdout.trim()).toBe('0')
  })

  it('own-store keeps every promise of a checkpoint store, and a stream goes on from it', async () => {
    const path = JSON.stringify(join(place, 'positions'))
    const { stdout } = await node(`import { JsonFileStore } from ${url('own-store')}
      import { ctStream } from 'ct-stream'
      import { checkpointStoreContract } from 'ct-stream/testing'
      let places = 0
      const cases = checkpointStoreContract(() => {
        const path = ${path} + places++
        return { store: () => new JsonFileStore(path) }
      })
      for (const { name, run } of cases) await run().catch((error) => { throw new Error('a store ' + name, { cause: error }) })
      const checkpoint = new JsonFileStore(${path})
      const counts = []
      for (let i = 0; i < 2; i++) {
        let count = 0
        for await (const page of ctStream({ ...${options()}, checkpoint }).batches()) count += page.length
        counts.push(count)
      }
      console.log(cases.length > 20, counts.join(' '))`)
    expect(stdout).toBe('true 600 0\n')
  })

  it('test-your-code passes', async () => {
    await node(`import { testAlerts, testCountCertificates } from ${url('test-your-code')}
      await testCountCertificates()
      await testAlerts()`)
  })
})

describe('the examples of modules', () => {
  const entries = (...names: string[]) =>
    createTestLog({ entries: issueCertificates(names.map((name) => ({ dnsNames: [name] }))) })
  const reading = ({ spec }: TestLog) =>
    JSON.stringify({ logs: [spec], start: 'beginning', end: 'head', checkpoint: false })

  it('own-domains keeps what is not expected, and nothing that is of others', async () => {
    await using log = await entries('mail.example.com', 'www.example.com', 'example.com.attacker.example')
    const database = join(place, 'own-domains.db')
    const watched = JSON.stringify({
      own: ['example.com'],
      issuers: ["Let's Test"],
      known: ['www.example.com'],
      database,
    })
    await node(`import { watchOwnDomains } from ${url('own-domains')}
      await watchOwnDomains(${watched}, ${reading(log)})`)
    const search = [join(root, 'dist', 'cli.js'), 'search', '*.example.com', '--db', database, '--json']
    const found = JSON.parse((await run(process.execPath, search)).stdout) as {
      kind: string
      certificate: { dnsNames: string[] }
    }[]
    expect(found.map(({ kind, certificate }) => [kind, ...certificate.dnsNames])).toEqual([
      ['new-name', 'mail.example.com'],
    ])
  })

  it('brand-watch shows a look-alike with its reasons, and writes it down', async () => {
    await using log = await entries('paypa1-login.example', 'www.paypal.com', 'weather.example')
    const file = join(place, 'look-alikes.jsonl')
    const { stdout } = await node(`import { watchBrand } from ${url('brand-watch')}
      await watchBrand('PayPal', ['paypal.com'], ${JSON.stringify(file)}, ${reading(log)})`)
    expect(stdout).toMatch(/^ *\d+ "PayPal paypa1-login\.example"\n {4} *\d+ ".+"\n/)
    expect(stdout).not.toContain('weather')
    expect(JSON.parse(readFileSync(file, 'utf8'))).toMatchObject({ module: 'watchlist', kind: 'lookalike' })
  })

  it('own-module passes its test, and runs from the command line', async () => {
    await using log = await entries('a.example.com', 'b.example.com', 'c.example.com')
    await node(`import { testBurst } from ${url('own-module')}\nawait testBurst()`)
    const source = ['--log', log.url, '--key', log.key, '--start', 'beginning', '--end', 'head', '--no-checkpoint']
    const module = `${join(built, 'out', 'own-module.mjs')}:{"certificates":3}`
    const { stdout } = await run(process.execPath, [join(root, 'dist', 'cli.js'), ...source, '--module', module])
    expect(JSON.parse(stdout)).toMatchObject({ kind: 'burst', subject: 'example.com' })
  })
})

describe('the README', () => {
  it('has programs that compile', async () => {
    const config = join(built, 'readme', 'tsconfig.json')
    const prelude = 'declare const database: { insert(rows: unknown[]): Promise<void> }\n'
    for (const [i, block] of blocks.entries()) {
      const imports =
        block.includes('ctStream }') || !/^[^/]*\bctStream\(/m.test(block)
          ? ''
          : "import { ctStream } from 'ct-stream'\n"
      writeFileSync(join(built, 'readme', `block-${i}.ts`), `${imports}${prelude}${block}\nexport {}\n`)
    }
    writeFileSync(
      config,
      JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions: { noEmit: true }, include: ['.'] }),
    )
    const { stdout } = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config]).catch(
      (e) => e,
    )
    expect(stdout).toBe('')
    expect(blocks.length).toBeGreaterThan(2)
  })

  it('has a pipeline that handles and acknowledges every certificate', async () => {
    const { stdout } = await run(process.execPath, [join(built, 'out', 'pipeline.mjs')])
    const lines = stdout.trim().split('\n')
    expect(lines.pop()).toBe('left 0')
    expect(lines).toEqual(Array.from({ length: 600 }, (_, i) => `${log.spec.kind} ${i}`))
  })

  it('has a program for tests that streams', async () => {
    const { stdout } = await run(process.execPath, [join(built, 'out', 'readme.mjs')])
    expect(stdout.split('\n').length).toBeGreaterThan(1000)
  })
})
