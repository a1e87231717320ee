import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createTestLog, issueCertificates } from '../../src/testing/index.js'
import { ApiClient } from '../support/api-client.js'
import { BuiltCommand, hasPromtool, promtool } from '../support/built-command.js'
import { closing } from '../support/closing.js'
import { SocketClient } from '../support/server-clients.js'

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

describe('ct-stream serve', () => {
  it('answers every path of its API as its OpenAPI document says', async () => {
    const { log, command, url } = await serve('api')
    const api = await ApiClient.open(url)
    await expect.poll(async () => (await api.ask('/status')).body.entries, { timeout: 10_000 }).toBe(all)
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

  it('answers Prometheus, and who asks whether it is healthy and ready', async () => {
    const { command, url } = await serve('metrics')
    await expect.poll(async () => (await fetch(`${url}readyz`)).status, { timeout: 10_000 }).toBe(200)
    await expect
      .poll(async () => (await fetch(`${url}metrics`)).text(), { timeout: 10_000 })
      .toMatch(new RegExp(`^ct_stream_server_entries_total ${all}$`, 'm'))
    const text = await (await fetch(`${url}metrics`)).text()
    if (hasPromtool) expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, said: '' })
    expect(await (await fetch(`${url}healthz`)).json()).toEqual({ status: 'ok' })
    expect(await command.stop()).toBe(0)
  })

  it('lets in below /api who has a token for it, and nobody else', async () => {
    const { command, url } = await serve('token', '--api-token', 'only-for-the-api')
    expect((await fetch(`${url}api/v1/status`)).status).toBe(401)
    expect((await fetch(`${url}stats`)).status).toBe(200)
    const api = await ApiClient.open(url, { authorization: 'Bearer only-for-the-api' })
    expect((await api.ask('/status')).status).toBe(200)
    expect(await command.stop()).toBe(0)
  })
})

describe('ct-stream serve --module', () => {
  it('sends what modules find to who asks for it, and has it at the API', async () => {
    const names = [...issueCertificates(40, { seed: 'serve api', kinds: 'pairs' })].flatMap(({ dnsNames }) => dnsNames)
    const watchlist = `watchlist:${JSON.stringify({ own: names.slice(0, 3) })}`
    const { command, url } = await serve('modules', '--module', watchlist)
    const api = await ApiClient.open(url)
    const findings = async () => (await api.ask<{ items: { id: string }[] }>('/findings')).body.items
    await expect.poll(async () => (await findings()).length, { timeout: 10_000 }).toBeGreaterThan(0)
    await expect.poll(async () => (await api.ask('/status')).body.entries, { timeout: 10_000 }).toBe(all)
    const client = closing(new SocketClient(`${url}v2/stream?findings=only&after=0123456789-1`))
    await client.have(2)
    const sent = (await findings()).map(({ id }) => id)
    await client.have(1 + sent.length)
    expect(client.ids.slice(1)).toEqual(sent.reverse())
    expect((await api.ask('/modules')).body).toMatchObject({ items: [{ name: 'watchlist', state: 'running' }, {}] })
    expect(await command.stop()).toBe(0)
  })
})
