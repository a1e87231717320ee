import { createPublicKey } from 'node:crypto'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { commands } from '../../../../src/cli/commands.js'
import { parseArguments } from '../../../../src/cli/flags/arguments.js'
import { specsFor } from '../../../../src/cli/flags/log-sources.js'
import { Values } from '../../../../src/cli/flags/values.js'
import { sampleIo } from '../sample-io.js'

const key =
  'MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEPIcer7RB32jt4bTEbhgUKLKvOctFD+I2hoDItFxUBlJiGFvftBuRk3fO7e1T7gC2ekyfL7XoO2oN/ObcZyc4EA=='
const der = Buffer.from(key, 'base64')
const pem = createPublicKey({ key: der, format: 'der', type: 'spki' }).export({ format: 'pem', type: 'spki' }) as string
// As Sunlight writes it, shortened.
const tiled = {
  description: 'rome2026h1.example.org',
  key,
  log_id: 'CKIDXIl+znJaHUyhzhNVaSxIUov59RCXLh3fJXJExnk=',
  mmd: 60,
  monitoring_url: 'https://rome2026h1.example.org/',
  submission_url: 'https://submit.example.org/rome2026h1/',
}
const spec = {
  kind: 'static-ct',
  key,
  description: tiled.description,
  mmd: 60,
  monitoringUrl: tiled.monitoring_url,
  submissionUrl: tiled.submission_url,
}

const files: Record<string, string | Uint8Array> = {
  'log.pem': pem,
  'log.der': der,
  'key.txt': `${key}\n`,
  'not.pem': 'hello',
  'log.v3.json': JSON.stringify(tiled),
  'old.json': JSON.stringify({ key, url: 'https://old.example/', description: 'Old' }),
  'wrong.json': JSON.stringify({ ...tiled, log_id: 'AAAA' }),
  'list.json': '{"operators":[]}',
  'nowhere.json': JSON.stringify({ key }),
}

let url = ''
const server = createServer((request, response) => {
  response.statusCode = request.url === '/rome/log.v3.json' ? 200 : 404
  response.end(response.statusCode === 200 ? JSON.stringify(tiled) : 'no')
})
beforeAll(async () => {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done))
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
})
afterAll(() => {
  server.closeAllConnections()
  server.close()
})

async function specs(...argv: string[]) {
  const { flags, positionals } = parseArguments(argv, commands)
  return specsFor({ io: sampleIo(argv, { files }).io, values: new Values(flags), positionals })
}
const log = (at: string) => ['--log', at]

describe('a key', () => {
  it.each([key, pem, 'log.pem', 'log.der', 'key.txt'])('is base64, PEM or a file: %j', async (given) => {
    expect(await specs(...log('https://a.example/'), `--key=${given}`)).toEqual([
      { kind: 'rfc6962', url: 'https://a.example/', key },
    ])
  })

  it.each(['not.pem', 'missing.pem', 'AA=='])('is not %j', async (given) => {
    await expect(specs(...log('https://a.example/'), '--key', given)).rejects.toThrowError(
      /^--key must be a key as base64 or PEM \(BEGIN PUBLIC KEY\), or a file with one, got /,
    )
  })
})

describe('a log that describes itself', () => {
  it('is read from a file, and from a URL', async () => {
    expect(await specs(...log('log.v3.json'))).toEqual([spec])
    expect(await specs(...log('old.json'))).toEqual([
      { kind: 'rfc6962', url: 'https://old.example/', key, description: 'Old' },
    ])
    expect(await specs(...log(`${url}/rome/log.v3.json`))).toEqual([spec])
  })

  it('is found below its URL, and read where the user says', async () => {
    expect(await specs(...log(`${url}/rome/`))).toEqual([{ ...spec, monitoringUrl: `${url}/rome/` }])
    expect(await specs(...log(`${url}/rome`))).toEqual([{ ...spec, monitoringUrl: `${url}/rome` }])
  })

  it('stands beside logs of both kinds, in the order given', async () => {
    const argv = [...log('https://a.example/'), ...log('log.v3.json'), ...log('https://m.example/')]
    const keys = ['--key', key, '--key', 'log.pem', '--submission-url', '-', '--submission-url', 'https://s.example/']
    expect(await specs(...argv, ...keys)).toEqual([
      { kind: 'rfc6962', url: 'https://a.example/', key },
      spec,
      { kind: 'static-ct', monitoringUrl: 'https://m.example/', submissionUrl: 'https://s.example/', key },
    ])
  })

  it.each([
    ['wrong.json', 'wrong.json contradicts itself: its `log_id` is not that of its `key`'],
    ['list.json', 'list.json has no `key` of a log'],
    ['nowhere.json', 'nowhere.json does not say where the log is'],
    ['missing.json', '--log cannot be read: ENOENT'],
  ])('is refused: %s', async (file, message) => {
    await expect(specs(...log(file))).rejects.toThrowError(message)
  })

  it('is required where the log has no log.v3.json', async () => {
    await expect(specs(...log(`${url}/other/`))).rejects.toThrowError(/^--log needs --key: there is none at .*404/)
    await expect(specs(...log('http://a.example/'))).rejects.toThrowError(/^--log must be an https URL/)
    await expect(specs(...log('log.v3.json'), '--key', key)).rejects.toThrowError(/one for each: got 0 and 1/)
    expect(await specs()).toBeUndefined()
  })
})
