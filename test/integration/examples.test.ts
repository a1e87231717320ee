import { execFile } from 'node:child_process'
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { promisify } from 'node:util'
import { build } from 'tsup'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import { createTestLog, issueCertificates, type TestLog } from '../../src/testing/index.js'
import { blocksIn } from '../support/guides.js'

const run = promisify(execFile)
const root = join(import.meta.dirname, '..', '..')
const examples = join(root, 'examples')
// Inside the project, where `ct-stream` means the built package itself.
const built = join(root, 'test', '.build', 'examples')
const place = mkdtempSync(join(tmpdir(), 'ct-stream-examples-'))

const blocks = blocksIn('ts')
/** The first block of a guide that holds a text. */
const blockWith = (guide: string, text: string) => {
  const found = blocks.findIndex((block) => block.guide === guide && block.code.includes(text))
  if (found === -1) throw new Error(`${guide} has no program with ${text}`)
  return found
}

let log: TestLog
beforeAll(async () => {
  log = await createTestLog({ kind: 'both', entries: issueCertificates(600, { sign: false }) })
  mkdirSync(join(built, 'readme'), { recursive: true })
  for (const [i, { code }] of blocks.entries()) writeFileSync(join(built, 'readme', `block-${i}.ts`), code)
  writeFileSync(join(built, 'pipeline.ts'), pipelineProgram())
  const files = readdirSync(examples).filter((file) => file.endsWith('.ts'))
  await build({
    entry: {
      ...Object.fromEntries(files.map((file) => [file.replace(/\.ts$/, ''), join(examples, file)])),
      pipeline: join(built, 'pipeline.ts'),
      readme: join(built, 'readme', `block-${blockWith('README.md', 'ct-stream/testing')}.ts`),
      many: join(built, 'readme', `block-${blockWith('src/testing/README.md', 'issueCertificates(1000)')}.ts`),
      alerts: join(built, 'readme', `block-${blockWith('src/testing/README.md', 'assert.deepEqual')}.ts`),
      names: join(built, 'readme', `block-${blockWith('src/watchlist/README.md', 'Watchlist.of')}.ts`),
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

/** The pipeline of the README over the test's log, into a database that prints. */
const pipelineProgram = () => {
  const opened = blocks[blockWith('README.md', "from 'node:stream/promises'")]?.code.replace(
    'ctStream({',
    `ctStream({ ...${options()},`,
  )
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
  it('watch-domains prints the certificates of its domains', async () => {
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

  it('exactly-once goes on behind the end of a time, though entries of a log are not in the order of their times', async () => {
    const [hour, day] = [3_600_000, 86_400_000]
    const time = Math.floor(Date.now() / day - 2) * day
    const late = await createTestLog({ mmd: 60, pageSize: 4 })
    onTestFinished(() => late.close())
    const add = (timestamp: number) => late.add(issueCertificates({ dnsNames: ['a.example'] }), { timestamp })
    for (let i = 0; i < 10; i++) add(time - 10 * hour + i)
    // The second was taken first, and is merged behind one of the next day.
    for (const timestamp of [time + 1000, time - 1000]) add(timestamp)
    late.publishAt(time + 6 * hour)
    const file = JSON.stringify(join(place, 'by-day.db'))
    const until = (end: number) =>
      node(`import { store } from ${url('exactly-once')}
        console.log(await store(${file}, { logs: [${JSON.stringify(late.spec)}], start: 'beginning', end: { time: new Date(${end}) } }))`)
    expect((await until(time)).stdout).toBe('11\n')
    late.publishAt(time + day + hour)
    expect((await until(time + day)).stdout).toBe('1\n')
    expect((await until(time + day)).stdout).toBe('0\n')
  })

  it('own-store keeps the issuers that it was given last, however many there are', async () => {
    const path = join(place, 'issuers')
    const fingerprint = (i: number) => i.toString(16).padStart(64, '0')
    const issuers = Object.fromEntries(Array.from({ length: 1000 }, (_, i) => [fingerprint(i), 'AAAA']))
    writeFileSync(path, JSON.stringify({ rows: {}, gaps: [], evidence: [], issuers, lists: {} }))
    await node(`import { JsonFileStore } from ${url('own-store')}
      const store = new JsonFileStore(${JSON.stringify(path)})
      await store.open()
      await store.putIssuer(${JSON.stringify(fingerprint(5))}, Uint8Array.of(1))
      await store.putIssuer(${JSON.stringify(fingerprint(1000))}, Uint8Array.of(2))
      await store.close()`)
    const kept = Object.keys(JSON.parse(readFileSync(path, 'utf8')).issuers)
    expect(kept).toHaveLength(1000)
    expect(kept[0]).toBe(fingerprint(1))
    expect(kept.slice(-2)).toEqual([fingerprint(5), fingerprint(1000)])
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

  it('own-domains stores the unexpected certificates of its domains, and none of other domains', async () => {
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

  it('brand-watch prints a look-alike with its reasons, and stores it', async () => {
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

describe('the programs in the guides', () => {
  it('compile', async () => {
    const config = join(built, 'readme', 'tsconfig.json')
    const prelude = 'declare const database: { insert(rows: unknown[]): Promise<void> }\n'
    for (const [i, { guide, code }] of blocks.entries()) {
      const imports =
        code.includes('ctStream }') || !/^[^/]*\bctStream\(/m.test(code) ? '' : "import { ctStream } from 'ct-stream'\n"
      const path = join(built, 'readme', `block-${i}.ts`)
      writeFileSync(path, `// ${guide}\n${imports}${prelude}${code}\nexport {}\n`)
    }
    writeFileSync(
      config,
      JSON.stringify({ extends: join(root, 'tsconfig.json'), compilerOptions: { noEmit: true }, include: ['.'] }),
    )
    const { stdout } = await run(process.execPath, [join(root, 'node_modules/typescript/bin/tsc'), '-p', config]).catch(
      (e) => e,
    )
    expect(stdout).toBe('')
    expect(blocks.length).toBeGreaterThan(10)
  })

  it('have a pipeline that handles and acknowledges every certificate', async () => {
    const { stdout } = await run(process.execPath, [join(built, 'out', 'pipeline.mjs')])
    const lines = stdout.trim().split('\n')
    expect(lines.pop()).toBe('left 0')
    expect(lines).toEqual(Array.from({ length: 600 }, (_, i) => `${log.spec.kind} ${i}`))
  })

  it('run if they are complete', async () => {
    const output = async (name: string) => (await run(process.execPath, [join(built, 'out', `${name}.mjs`)])).stdout
    expect(await output('readme')).toBe("[ 'login.example.com' ]\n")
    expect((await output('many')).split('\n').length).toBeGreaterThan(1000)
    expect(await output('alerts')).toBe('')
    expect((await output('names')).split('\n').map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      'mail.example.com own example.com',
      'examp1e-login.top lookalike Example',
      '',
    ])
  })
})
