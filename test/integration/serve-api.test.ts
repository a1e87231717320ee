import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, describe, expect, it } from 'vitest'
import { createTestLog, issueCertificates } from '../../src/testing/index.js'
import type { Finding } from '../../src/types/finding.js'
import { ApiClient } from '../support/api-client.js'
import { BuiltCommand, hasPromtool, promtool } from '../support/built-command.js'
import { closing } from '../support/closing.js'
import { EventClient, SocketClient } from '../support/server-clients.js'

const place = mkdtempSync(join(tmpdir(), 'ct-stream-api-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

/** What an operator asks `ct-stream serve`, as it is shipped. */
async function serve(name: string, ...argv: string[]) {
  const entries = [...issueCertificates(40, { seed: 'serve api', kinds: 'pairs' })]
  const log = closing(await createTestLog({ entries, description: 'Held' }))
  const flags = ['--log', log.url, '--key', log.key, '--start', 'beginning', '--port', '0', '--log-level', 'error']
  const files = ['--checkpoint', `${name}.db`, '--keep', `${name}-kept.db`]
  const command = new BuiltCommand(['serve', ...flags, ...files, ...argv], place)
  return { log, command, url: await command.says('stdout', /serves at (\S+)\n/) }
}

const all = 40
interface SentFinding {
  readonly id: string
  readonly finding: Finding
}

describe('ct-stream serve', () => {
  it('answers every path of its API as its OpenAPI document says', async () => {
    const { log, command, url } = await serve('api')
    const api = await ApiClient.open(url)
    await expect.poll(async () => (await api.ask('/status')).body.entries, { timeout: 30_000 }).toBe(all)
    expect((await api.ask('/status')).body).toMatchObject({ isPaused: false, problem: null, isReady: true, logs: 1 })
    expect((await api.ask('/logs')).body).toMatchObject({ items: [{ headSize: all, log: { url: log.url } }] })
    const { items } = (await api.ask<{ items: { log: { id: string } }[] }>('/logs')).body
    expect((await api.ask('/logs/{id}', { id: items[0]?.log.id ?? '' })).body).toMatchObject({ headSize: all })
    expect((await api.ask<{ items: unknown[] }>('/certificates', { query: '?limit=100' })).body.items).toHaveLength(all)
    for (const path of ['/gaps', '/evidence', '/clients'])
      expect((await api.ask(path)).body).toMatchObject({ items: [] })
    expect((await api.ask('/evidence/{id}', { id: '1' })).status).toBe(404)
    for (const [path, isPaused] of [
      ['/pause', true],
      ['/resume', false],
    ] as const)
      expect((await api.ask(path, { method: 'post' })).body).toEqual({ isPaused })
    expect(await command.stop()).toBe(0)
  })

  it('answers Prometheus, and requests for its health and readiness', async () => {
    const { command, url } = await serve('metrics')
    await expect.poll(async () => (await fetch(`${url}readyz`)).status, { timeout: 30_000 }).toBe(200)
    await expect
      .poll(async () => (await fetch(`${url}metrics`)).text(), { timeout: 30_000 })
      .toMatch(new RegExp(`^ct_stream_server_entries_total ${all}$`, 'm'))
    const text = await (await fetch(`${url}metrics`)).text()
    if (hasPromtool) expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, said: '' })
    expect(await (await fetch(`${url}healthz`)).json()).toEqual({ status: 'ok' })
    expect(await command.stop()).toBe(0)
  })

  it('admits clients below /api only with a token for it', async () => {
    const { command, url } = await serve('token', '--api-token', 'only-for-the-api')
    expect((await fetch(`${url}api/v1/status`)).status).toBe(401)
    expect((await fetch(`${url}stats`)).status).toBe(200)
    const api = await ApiClient.open(url, { authorization: 'Bearer only-for-the-api' })
    expect((await api.ask('/status')).status).toBe(200)
    expect(await command.stop()).toBe(0)
  })
})

describe('every path of ct-stream serve', () => {
  it('answers, with entries where there are any', async () => {
    const { command, url } = await serve('paths')
    await expect
      .poll(
        async () =>
          ((await (await fetch(`${url}stats`)).json()) as { processed_certificates: number }).processed_certificates,
        { timeout: 30_000 },
      )
      .toBe(all)
    const answers = async (path: string) => {
      const { status, headers } = await fetch(`${url}${path}`)
      return [status, headers.get('content-type')?.split(';')[0]]
    }
    for (const path of [
      'example.json',
      'full-stream/example.json',
      'domains-only/example.json',
      'latest.json',
      'stats',
    ])
      expect(await answers(path), path).toEqual([200, 'application/json'])
    for (const path of ['', 'metrics']) expect(await answers(path), path).toEqual([200, 'text/plain'])
    for (const path of ['healthz', 'readyz', 'api/v1/openapi.json'])
      expect(await answers(path), path).toEqual([200, 'application/json'])
    const after = 'after=0123456789-1'
    for (const path of ['', 'full-stream', 'domains-only']) {
      const client = closing(new SocketClient(`${url}${path}?${after}`))
      expect((await client.have(2)).map(({ message_type }) => message_type)).toContain('gap')
    }
    for (const dedupe of ['', '&dedupe=issuance']) {
      const clients = [
        closing(new SocketClient(`${url}v2/stream?format=full&${after}${dedupe}`)),
        closing(new EventClient(`${url}v2/sse?format=full&${after}${dedupe}`)),
      ]
      for (const client of clients) {
        const messages = (await client.have(1 + (dedupe === '' ? all : all / 2))) as { issuanceId?: string }[]
        const issuances = messages.slice(1).map(({ issuanceId }) => issuanceId)
        expect(new Set(issuances).size).toBe(all / 2)
      }
    }
    expect(await command.stop()).toBe(0)
  })
})

describe('ct-stream serve --module', () => {
  it('sends every finding exactly once in spite of kills', async () => {
    const count = 400
    const log = closing(
      await createTestLog({
        entries: [...issueCertificates(count, { seed: 'killed', kinds: 'certificates' })],
        pageSize: 16,
      }),
    )
    const modules = pathToFileURL(join(import.meta.dirname, '..', '..', 'dist', 'modules.js'))
    writeFileSync(
      join(place, 'every.mjs'),
      `import { defineModule } from '${modules}'
       const onCertificate = (certificate, { emit }) => emit({ kind: 'every', reason: String(certificate.index) })
       export default defineModule({ name: 'every', onCertificate })`,
    )
    const flags = ['--log', log.url, '--key', log.key, '--start', 'beginning', '--port', '0', '--log-level', 'error']
    const files = ['--checkpoint', 'killed.db', '--keep', 'killed-kept.db', '--module', './every.mjs']
    const [ids, findings]: [string[], Finding[]] = [[], []]
    for (const wanted of [30, 120, 250, count]) {
      const command = new BuiltCommand(['serve', ...flags, ...files], place)
      const url = await command.says('stdout', /serves at (\S+)\n/)
      // Before the first message there is none to go on from: an id of nobody has everything sent, and a gap before.
      const after = ids.at(-1) ?? '0123456789-1'
      const client = closing(new SocketClient(`${url}v2/stream?findings=only&after=${after}`))
      const gaps = ids.length === 0 ? 1 : 0
      const messages = (await client.have(gaps + wanted - findings.length)).slice(gaps) as SentFinding[]
      expect(await command.stop(wanted === count ? 'SIGTERM' : 'SIGKILL')).toBe(wanted === count ? 0 : null)
      ids.push(...messages.map(({ id }) => id))
      findings.push(...messages.map(({ finding }) => finding))
    }
    expect(new Set(ids).size).toBe(count)
    const indexes = findings.map(({ certificate }) => certificate.index)
    expect(indexes).toEqual(Array.from({ length: count }, (_, i) => i))
  })

  it('ends within 5 s of SIGTERM with a client attached and a module that hangs', async () => {
    const modules = pathToFileURL(join(import.meta.dirname, '..', '..', 'dist', 'modules.js'))
    writeFileSync(
      join(place, 'hangs.mjs'),
      `import { defineModule } from '${modules}'
       export default defineModule({ name: 'hangs', acknowledge: true, onCertificate: () => new Promise(() => {}) })`,
    )
    const { command, url } = await serve('hangs', '--module', './hangs.mjs')
    const client = closing(new SocketClient(`${url}v2/stream?after=0123456789-1`))
    await client.have(2)
    const began = performance.now()
    expect(await command.stop()).toBe(0)
    expect(performance.now() - began).toBeLessThan(5000)
    expect(await client.closed).toBe(1001)
  })

  it('sends findings to the clients that ask for them, and lists them in the API', async () => {
    const names = [...issueCertificates(40, { seed: 'serve api', kinds: 'pairs' })].flatMap(({ dnsNames }) => dnsNames)
    const watchlist = `watchlist:${JSON.stringify({ own: names.slice(0, 3) })}`
    const { command, url } = await serve('modules', '--module', watchlist)
    const api = await ApiClient.open(url)
    const findings = async () => (await api.ask<{ items: { id: string }[] }>('/findings')).body.items
    await expect.poll(async () => (await findings()).length, { timeout: 30_000 }).toBeGreaterThan(0)
    await expect.poll(async () => (await api.ask('/status')).body.entries, { timeout: 30_000 }).toBe(all)
    const client = closing(new SocketClient(`${url}v2/stream?findings=only&after=0123456789-1`))
    await client.have(2)
    const sent = (await findings()).map(({ id }) => id)
    await client.have(1 + sent.length)
    expect(client.ids.slice(1)).toEqual(sent.reverse())
    expect((await api.ask('/modules')).body).toMatchObject({ items: [{ name: 'watchlist', state: 'running' }, {}] })
    expect(await command.stop()).toBe(0)
  })
})
