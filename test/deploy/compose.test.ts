import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { openSink } from '../../src/sinks/index.js'
import { folder, has, root, run } from './tools.js'

interface Service {
  readonly command?: string[]
  readonly environment?: Record<string, string>
  readonly volumes?: string[]
  readonly profiles?: string[]
  readonly ports?: string[]
  readonly build?: { readonly args?: Record<string, string> }
  readonly depends_on?: Record<string, object>
}
interface Compose {
  readonly services: Record<string, Service>
  readonly volumes: Record<string, object | null>
}

const textOf = (file: string) => readFileSync(join(folder, file), 'utf8')
const read = (file: string) => parse(textOf(file), { merge: true }) as Compose
/** Each with a command of ct-stream that its services run. */
const files = ['compose.yaml', 'compose.engines.yaml']
const optionOf = (name: string) =>
  `--${name
    .replace(/^CT_STREAM_/, '')
    .toLowerCase()
    .replaceAll('_', '-')}`

describe.each(files)('%s', (file) => {
  const compose = read(file)

  it.skipIf(!has('go'))('is what the specification of Compose says', () => {
    const { stdout } = run('go', ['mod', 'download', '-json', 'github.com/compose-spec/compose-go/v2@v2.4.7'], {
      cwd: '/',
      env: { GOFLAGS: '-mod=mod' },
    })
    const { Dir } = JSON.parse(stdout) as { Dir: string }
    const text = readFileSync(join(Dir, 'schema', 'compose-spec.json'), 'utf8')
    // Its parts are named as an older draft did it.
    const isOld = (key: string, value: unknown) => (key === 'id' && typeof value === 'string') || key === '$schema'
    const schema = JSON.parse(text, (key, value) => (isOld(key, value) ? undefined : value)) as object
    const ajv = new Ajv2020({ strict: false, allErrors: true })
    addFormats.default(ajv, ['duration', 'uri'])
    const check = ajv.compile(schema)
    expect(check(compose) ? [] : check.errors).toEqual([])
    expect(check({ services: { a: { image: 5 } } })).toBe(false)
  })

  it('runs commands that exist, with variables that have a meaning', () => {
    const help = (name: string) => run(process.execPath, ['dist/cli.js', 'help', name]).stdout
    const helps = { run: help('run'), stream: help('stream') }
    let checked = 0
    for (const { command = [], environment = {} } of Object.values(compose.services)) {
      const isOfOurs = command[0] === 'run' || command[0] === '--sink'
      if (!isOfOurs) continue
      const text = command[0] === 'run' ? helps.run : helps.stream
      const flags = [...command.filter((word) => word.startsWith('--')), ...Object.keys(environment).map(optionOf)]
      for (const flag of flags) expect(text).toContain(flag)
      checked++
    }
    expect(checked).toBeGreaterThan(2)
  })

  it('has no secret in it, and listens on this machine alone', () => {
    expect(textOf(file)).not.toMatch(/PASSWORD: [^$]/)
    for (const { ports = [] } of Object.values(compose.services))
      for (const port of ports) expect(port).toMatch(/^127\.0\.0\.1:/)
  })

  it('has the volumes that its services use', () => {
    const used = Object.values(compose.services)
      .flatMap(({ volumes = [] }) => volumes)
      .map((volume) => volume.split(':')[0])
      .filter((name) => !name?.startsWith('.'))
    expect(Object.keys(compose.volumes).toSorted()).toEqual([...new Set(used)].toSorted())
  })
})

describe('compose.engines.yaml', () => {
  const { services } = read('compose.engines.yaml')
  const collectors = Object.entries(services).filter(([name]) => name.startsWith('collector-'))

  it('has a profile for each engine that ct-stream run does not take', () => {
    const names = collectors.map(([name]) => name.replace('collector-', ''))
    expect(names).toEqual(['redis', 'nats', 'rabbitmq', 'opensearch', 'mongodb'])
    for (const [name, { profiles, depends_on = {} }] of collectors) {
      const engine = name.replace('collector-', '')
      expect(Object.keys(depends_on)).toEqual([engine])
      expect([profiles, services[engine]?.profiles]).toEqual([[engine], [engine]])
    }
  })

  it.each(collectors)(
    '%s writes to the engine of its profile, and keeps positions in a file if the engine does not',
    async (name, { command = [], volumes }) => {
      const url = command[command.indexOf('--sink') + 1] ?? ''
      const engine = name.replace('collector-', '')
      expect(new URL(url).hostname).toBe(engine)
      const sink = await openSink(url)
      expect(command.includes('--checkpoint')).toBe(sink.guarantee === 'at-least-once')
      expect(volumes !== undefined).toBe(sink.guarantee === 'at-least-once')
      await sink.close()
    },
  )

  it('builds an image with the clients of all of them', () => {
    const { peerDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
      peerDependencies: Record<string, string>
    }
    const peers = collectors[0]?.[1].build?.args?.PEERS?.split(' ') ?? []
    // Of `ct-stream run`, and of programs that trace.
    const others = ['pg', '@platformatic/kafka', '@opentelemetry/api']
    expect([...peers, ...others].toSorted()).toEqual(Object.keys(peerDependencies).toSorted())
  })
})
