import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Ajv2020 } from 'ajv/dist/2020.js'
import addFormats from 'ajv-formats'
import { describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { folder, has, run } from './tools.js'

interface Compose {
  readonly services: Record<string, { command?: string[]; environment?: Record<string, string>; volumes?: string[] }>
}

const text = readFileSync(join(folder, 'compose.yaml'), 'utf8')
const compose = parse(text, { merge: true }) as Compose

describe('compose.yaml', () => {
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

  it('runs commands that there are, with variables that mean something', () => {
    const { stdout } = run(process.execPath, ['dist/cli.js', 'help', 'run'])
    for (const { command = [], environment = {} } of Object.values(compose.services)) {
      if (command[0] !== 'run') continue
      for (const flag of command.filter((word) => word.startsWith('--'))) expect(stdout).toContain(flag)
      for (const name of Object.keys(environment))
        expect(stdout).toContain(
          `--${name
            .replace(/^CT_STREAM_/, '')
            .toLowerCase()
            .replaceAll('_', '-')}`,
        )
    }
  })

  it('has no secret in it, and listens on this machine alone', () => {
    expect(text).not.toMatch(/PASSWORD: [^$]/)
    for (const port of text.matchAll(/^ +- "(.*:\d+:\d+)"$/gm)) expect(port[1]).toMatch(/^127\.0\.0\.1:/)
  })
})
