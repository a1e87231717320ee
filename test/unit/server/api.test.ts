import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { Validator } from '@seriousme/openapi-schema-validator'
import { describe, expect, it } from 'vitest'
import { CtStreamError } from '../../../src/errors.js'
import { operations } from '../../../src/server/api/operations.js'
import { createServer, type ServerOptions } from '../../../src/server/index.js'
import type { Evidence, Gap } from '../../../src/types/checkpoint.js'
import type { CtStreamEvents } from '../../../src/types/stream-events.js'
import type { LogStatus } from '../../../src/types/stream-status.js'
import { referenceOf } from '../../generate/api-reference.mjs'
import { PageSource } from '../../support/acknowledged-source.js'
import { ApiClient } from '../../support/api-client.js'
import { closing } from '../../support/closing.js'
import { logNamed, madeCertificates } from '../../support/module-certificates.js'
import { SocketClient } from '../../support/server-clients.js'
import { log, status } from '../cli/sample-status.js'

const certificates = madeCertificates(40, { kinds: 'pairs' })
interface Listed {
  readonly items: readonly { readonly id: string; readonly log: { readonly id: string } }[]
  readonly next: string | null
}

class TalkingSource extends PageSource {
  logs: () => never[] = () => []
  readonly listeners = new Map<string, ((payload: never) => void)[]>()
  statuses: LogStatus[] = []

  status() {
    return status(this.statuses)
  }

  on<K extends keyof CtStreamEvents>(event: K, listener: (payload: CtStreamEvents[K]) => void): void {
    this.listeners.set(event, [...(this.listeners.get(event) ?? []), listener])
  }

  tell<K extends keyof CtStreamEvents>(event: K, payload: CtStreamEvents[K]): void {
    for (const listener of this.listeners.get(event) ?? []) listener(payload as never)
  }
}

async function serving(options: Partial<ServerOptions> = {}, headers: Record<string, string> = {}) {
  const source = new TalkingSource([], { staysOpen: true })
  const server = closing(createServer({ source, port: 0, keep: false, ...options }))
  const { url } = await server.listen()
  const socket = closing(new SocketClient(`${url}v2/stream${options.tokens ? `?token=${options.tokens[0]}` : ''}`))
  await socket.opened
  return { source, url, socket, api: await ApiClient.open(url, headers) }
}

const logs = ['c', 'a', 'b'].map((name) => log({ log: logNamed(name), headAgeMs: undefined, failingSince: 5 }))
const gap = (start: number, recordedAt: number): Gap => ({
  ...{ log: logNamed('a'), start, end: start === 9 ? undefined : start + 5, reason: 'gone', recordedAt },
})

describe('/api/v1', () => {
  it('has an OpenAPI document that is valid and names every operation', async () => {
    const { api } = await serving()
    const { valid, errors } = await new Validator().validate(structuredClone(api.document) as never)
    expect(errors).toBeUndefined()
    expect(valid).toBe(true)
    const described = Object.entries(api.document.paths).flatMap(([path, methods]) =>
      Object.keys(methods).map((method) => `${method} ${path}`),
    )
    expect(described.sort()).toEqual(
      operations.map(({ method, path }) => `${method.toLowerCase()} /api/v1${path}`).sort(),
    )
  })

  it('has a reference generated from the document by node test/generate/api-reference.mjs', async () => {
    const { api } = await serving()
    const file = join(import.meta.dirname, '..', '..', '..', 'examples', 'serve', 'api.md')
    expect(readFileSync(file, 'utf8')).toBe(referenceOf(api.document))
  })

  it('answers from the database if there is one; without one it says so', async () => {
    const alone = await serving()
    for (const path of ['/shards', '/members', '/backfills', '/groups'])
      expect((await alone.api.ask(path)).status).toBe(404)
    expect((await alone.api.ask('/certificates', { query: '?name=example.com' })).status).toBe(404)
    const asked: unknown[] = []
    const found = {
      sha256: 'ab',
      kind: 'certificate',
      names: ['a.example'],
      issuer: 'CN=x',
      serialNumber: undefined,
    } as const
    const place = { notBefore: undefined, notAfter: new Date(9), firstSeen: new Date(8), logId: 'l', index: 7 }
    const log = { id: 'l', description: 'd', operator: 'o', url: 'u', position: undefined, verifiedSize: 5 }
    const { api } = await serving({
      cluster: {
        shards: async () => [
          { name: 'a', epoch: 3, owner: 'm', until: new Date(5), logs: [log] },
          { name: 'b', epoch: 0, owner: undefined, until: undefined, logs: [] },
        ],
        backfills: async () => [
          {
            ...{ id: '2', log: logNamed('a'), start: 0, end: 9, step: 4, state: 'failed', reason: 'two trees' },
            ...{ createdAt: new Date(5), endedAt: undefined, ranges: 3, rangesDone: 1, entries: 4 },
            head: { treeSize: 12, timestamp: 1, rootHash: new Uint8Array(32), signature: new Uint8Array(4) },
          },
        ],
        coverage: async () => [
          {
            ...{ log: logNamed('a'), range: { start: 3, end: 9 } },
            covered: [{ start: 3, end: 7 }],
            missing: [{ start: 7, end: 9 }],
          },
        ],
        groups: async () => [
          {
            name: 'g',
            logs: [3, 4].map((lag) => ({
              ...{ id: 'l', description: 'd', operator: 'o', url: 'u' },
              ...{ next: 10, end: 10 + lag, lag },
            })),
          },
        ],
        parked: async () => [
          {
            ...{
              key: '1-7',
              group: 'g',
              logId: undefined,
              index: undefined,
              by: 'queue',
              message: 'no leaf',
              failures: 1,
            },
            ...{ parkedAt: new Date(9), bytes: 4, isReplayed: false },
          },
        ],
        members: async () => [{ name: 'm', silentMs: 20, shards: 1 }],
        async search(pattern, options) {
          asked.push([pattern, options])
          if (pattern === 'down.example') throw new CtStreamError('CT_SINK_FAILED', 'secret words of the database')
          if (pattern === '*') throw new CtStreamError('CT_OPTION_INVALID', 'option `pattern` is wrong')
          return { items: [{ ...found, ...place }], next: '8.1' }
        },
      },
    })
    const { body } = await api.ask<Listed>('/shards', { query: '?limit=1' })
    expect(body).toMatchObject({ items: [{ name: 'a', owner: 'm', logs: [{ position: null, verifiedSize: 5 }] }] })
    const rest = await api.ask('/shards', { query: `?after=${body.next}` })
    expect(rest.body).toMatchObject({ items: [{ name: 'b', owner: null, until: null }], next: null })
    expect((await api.ask('/backfills')).body).toMatchObject({
      items: [{ id: '2', state: 'failed', reason: 'two trees', treeSize: 12, endedAt: null }],
      next: null,
    })
    expect((await api.ask('/coverage')).body).toMatchObject({
      items: [{ range: { start: 3, end: 9 }, missing: [{ start: 7, end: 9 }] }],
    })
    expect((await api.ask('/groups')).body).toMatchObject({
      items: [{ name: 'g', lag: 7, logs: [{ next: 10, end: 13, lag: 3 }, { lag: 4 }] }],
    })
    expect((await api.ask('/parked')).body).toMatchObject({
      items: [{ key: '1-7', group: 'g', logId: null, index: null, parkedAt: new Date(9).toISOString() }],
    })
    expect((await api.ask('/members')).body).toMatchObject({ items: [{ name: 'm', silentMs: 20, shards: 1 }] })
    const query = '?name=a.example&since=2026-01-01T00:00:00Z&limit=2&after=9.9'
    expect((await api.ask('/certificates', { query })).body).toMatchObject({
      items: [{ id: 'ab', names: ['a.example'], serialNumber: null, notBefore: null, index: 7 }],
      next: '8.1',
    })
    expect(asked).toEqual([['a.example', { limit: 2, after: '9.9', since: new Date('2026-01-01T00:00:00Z') }]])
    expect((await api.ask('/certificates', { query: '?name=*' })).status).toBe(400)
    const down = await api.ask('/certificates', { query: '?name=down.example' })
    expect([down.status, JSON.stringify(down.body)]).toEqual([503, expect.not.stringContaining('secret')])
  })

  it('lets a read token see everything and change nothing', async () => {
    const readTokens = ['reader-secret']
    const { url, api } = await serving({ readTokens }, { Authorization: 'Bearer reader-secret' })
    expect((await api.ask('/status')).status).toBe(200)
    expect((await api.ask('/pause', { method: 'post' })).status).toBe(403)
    expect((await fetch(`${url}api/v1/status`)).status).toBe(401)
    const both = await serving({ readTokens, apiTokens: ['admin-secret'] }, { Authorization: 'Bearer admin-secret' })
    expect((await both.api.ask('/pause', { method: 'post' })).status).toBe(200)
  })

  it('reports on the server and on the messages it keeps', async () => {
    const { source, socket, api } = await serving()
    expect((await api.ask('/status')).body).toMatchObject({
      clients: 1,
      entries: 0,
      kept: { oldest: null, newest: null },
    })
    source.statuses = logs
    source.add(certificates.slice(0, 3))
    await socket.have(3)
    const { body } = await api.ask('/status')
    expect(body).toMatchObject({ isPaused: false, problem: null, isReady: true, entries: 3, logs: 3 })
    expect(body.kept).toMatchObject({ oldest: socket.ids[0], newest: socket.ids[2], messages: 3 })
  })

  it('lists logs in pages, and finds one by its id in base64 or base64url', async () => {
    const { source, api } = await serving()
    source.statuses = logs
    const ids = logs.map(({ log }) => log.id).sort()
    const first = (await api.ask<Listed>('/logs', { query: '?limit=2' })).body
    expect(first.items.map(({ log }) => log.id)).toEqual(ids.slice(0, 2))
    // One that comes before what was read shifts nothing.
    source.statuses = [...logs, log({ log: { ...logNamed('a'), id: '!' } })]
    const rest = (await api.ask<Listed>('/logs', { query: `?after=${encodeURIComponent(first.next ?? '')}` })).body
    expect([rest.items.map(({ log }) => log.id), rest.next]).toEqual([ids.slice(2), null])
    const [id = ''] = ids
    const url = id.replaceAll('+', '-').replaceAll('/', '_').replace('=', '')
    for (const one of [id, url]) expect((await api.ask('/logs/{id}', { id: one })).body).toMatchObject({ log: { id } })
    expect((await api.ask('/logs/{id}', { id: 'none' })).status).toBe(404)
  })

  it('lists the gaps and the evidence of the store', async () => {
    const evidence: Evidence = {
      log: logNamed('a'),
      code: 'CT_CONSISTENCY',
      message: 'forked',
      detail: {},
      recordedAt: 7,
    }
    const store = { gaps: async () => [gap(9, 20), gap(1, 10), gap(3, 10)], evidence: () => [evidence, evidence] }
    const { api } = await serving({ store })
    const first = (
      await api.ask<{ items: { start: number; end: number | null }[]; next: string }>('/gaps', { query: '?limit=2' })
    ).body
    expect(first.items.map(({ start, end }) => [start, end])).toEqual([
      [1, 6],
      [3, 8],
    ])
    const rest = (await api.ask<typeof first>('/gaps', { query: `?after=${encodeURIComponent(first.next)}` })).body
    expect(rest).toMatchObject({ items: [{ start: 9, end: null }], next: null })
    const listed = (await api.ask<Listed>('/evidence', { query: '?limit=1' })).body
    expect(listed.items.map(({ id }) => id)).toEqual(['1'])
    const more = (await api.ask<Listed>('/evidence', { query: `?after=${listed.next}` })).body
    expect([more.items.map(({ id }) => id), more.next]).toEqual([['2'], null])
    expect((await api.ask('/evidence/{id}', { id: '1' })).body).toMatchObject({
      format: 'ct-stream evidence',
      claim: 'forked',
    })
    for (const id of ['3', '0', 'x', '%']) expect((await api.ask('/evidence/{id}', { id })).status).toBe(404)
  })

  it('lists the gaps and the misbehaviour of this run if there is no store', async () => {
    const { source, api } = await serving()
    source.tell('gap', gap(1, 10))
    source.tell('misbehaviour', { log: logNamed('a'), error: new CtStreamError('CT_CONSISTENCY', 'forked') })
    expect((await api.ask<Listed>('/gaps')).body.items).toMatchObject([{ start: 1, reason: 'gone' }])
    expect((await api.ask<Listed>('/evidence')).body.items).toMatchObject([
      { code: 'CT_CONSISTENCY', message: 'forked' },
    ])
  })

  it('lists clients without their addresses', async () => {
    const { url, api } = await serving()
    const other = closing(new SocketClient(`${url}v2/stream?format=domains&kind=certificate`))
    await other.opened
    const { items } = (await api.ask<Listed>('/clients')).body
    expect(items).toMatchObject([
      { id: '1', path: '/v2/stream', format: 'lite', isFiltered: false, isLive: true, behind: 0 },
      { id: '2', format: 'domains', isFiltered: true },
    ])
    expect(JSON.stringify(items)).not.toContain('127.0.0.1')
  })

  it('lists the certificates sent last, newest first, with the filters of a stream', async () => {
    const { source, socket, api } = await serving()
    for (let i = 0; i < 40; i += 8) source.add(certificates.slice(i, i + 8))
    await socket.have(40)
    const ids: string[] = []
    for (let query = '?limit=7'; ; ) {
      const { items, next } = (await api.ask<Listed>('/certificates', { query })).body
      ids.push(...items.map(({ id }) => id))
      if (next === null) break
      query = `?limit=7&after=${next}`
    }
    expect(ids).toEqual([...socket.ids].reverse())
    const { items } = (await api.ask<Listed>('/certificates', { query: '?kind=precertificate&format=domains' })).body
    const precertificates = socket.messages.filter(({ kind }) => kind === 'precertificate')
    expect(items.map(({ id }) => id)).toEqual(precertificates.map(({ id }) => id).reverse())
    expect((await api.ask('/certificates', { query: '?kind=nothing' })).status).toBe(400)
    expect((await api.ask('/certificates', { query: '?after=0123456789-1' })).status).toBe(400)
  })

  it('pauses and resumes reading, and loses nothing', async () => {
    const { source, socket, api } = await serving()
    expect((await api.ask('/pause', { method: 'post' })).body).toEqual({ isPaused: true })
    source.add(certificates.slice(0, 5))
    source.add(certificates.slice(5, 9))
    expect((await api.ask('/status')).body).toMatchObject({ isPaused: true, entries: 0 })
    expect((await api.ask('/resume', { method: 'post' })).body).toEqual({ isPaused: false })
    expect((await socket.have(9)).length).toBe(9)
  })

  it('answers a wrong path, method or parameter with a problem document', async () => {
    const { url, api } = await serving()
    const problem = async (path: string, init?: RequestInit) => {
      const answer = await fetch(`${url}api/v1${path}`, init)
      expect(answer.headers.get('content-type')).toBe('application/problem+json')
      const { status, title, detail } = (await answer.json()) as { status: number; title: string; detail: string }
      expect(status).toBe(answer.status)
      return [status, title, detail]
    }
    expect(await problem('/nothing')).toEqual([404, 'Not Found', 'there is nothing here; see /api/v1/openapi.json'])
    expect(await problem('/pause')).toEqual([405, 'Method Not Allowed', 'use POST'])
    expect(await problem('/status', { method: 'DELETE' })).toEqual([405, 'Method Not Allowed', 'use GET'])
    expect(await problem('/logs?limit=1&limit=2')).toEqual([400, 'Bad Request', 'limit is given more than once'])
    for (const query of ['?limit=0', '?limit=1001', '?limit=x', '?limt=1', `?after=${'x'.repeat(300)}`])
      expect((await api.ask('/logs', { query })).status).toBe(400)
    expect((await problem('/logs?%1b%5b31m%e2%80%ae=1'))[2]).not.toMatch(/[\p{Cc}\p{Cf}]/u)
  })
})

describe('who may ask /api', () => {
  const asked = async (url: string, headers: Record<string, string> = {}) =>
    (await fetch(`${url}api/v1/status`, { headers })).status
  const bearer = (token: string) => ({ authorization: `Bearer ${token}` })

  it('is only this machine if there are no tokens, not through a proxy, and no web page of another host name', async () => {
    const { url } = await serving()
    expect(await asked(url)).toBe(200)
    for (const header of ['x-forwarded-for', 'forwarded', 'x-real-ip', 'via'])
      expect(await asked(url, { [header]: '192.0.2.1' })).toBe(403)
    const { request } = await import('node:http')
    const status = await new Promise((resolve) =>
      request(`${url}api/v1/status`, { headers: { host: 'evil.example' } }, ({ statusCode }) =>
        resolve(statusCode),
      ).end(),
    )
    expect(status).toBe(403)
    expect(await asked(url, { origin: 'https://evil.example' })).toBe(403)
  })

  it('is whoever has a token; an API token opens only the API', async () => {
    const options = { tokens: ['for-everything'], apiTokens: ['for-the-api'] }
    const { url } = await serving(options, bearer('for-the-api'))
    expect(await asked(url)).toBe(401)
    expect(await asked(url, bearer('wrong-token'))).toBe(401)
    expect(await asked(url, bearer('for-the-api'))).toBe(200)
    expect(await asked(url, bearer('for-everything'))).toBe(200)
    const latest = async (token: string) => (await fetch(`${url}latest.json`, { headers: bearer(token) })).status
    expect([await latest('for-the-api'), await latest('for-everything')]).toEqual([401, 200])
  })

  it('is whoever has an API token on a server whose stream is open to all', async () => {
    const { url } = await serving({ apiTokens: ['for-the-api'] }, bearer('for-the-api'))
    expect([await asked(url), (await fetch(`${url}latest.json`)).status]).toEqual([401, 200])
    expect((await fetch(`${url}api/v1/status`)).headers.get('www-authenticate')).toBe('Bearer realm="ct-stream"')
  })
})
