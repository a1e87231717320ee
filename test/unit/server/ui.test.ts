import { describe, expect, it } from 'vitest'
import { createServer, type ServerOptions } from '../../../src/server/index.js'
import { Rates } from '../../../src/server/ui/rates.js'
import { matcherOf, rowOf } from '../../../src/server/ui/rows.js'
import { Sample } from '../../../src/server/ui/sample.js'
import type { FeedMessage } from '../../../src/server/ui/shapes.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { closing } from '../../support/closing.js'
import { fastClock } from '../../support/fast-clock.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { EventClient } from '../../support/server-clients.js'

const certificates = madeCertificates(40, { kinds: 'pairs' })

async function serving(options: Partial<ServerOptions> = {}) {
  const source = new PageSource([], { staysOpen: true })
  const server = closing(createServer({ source, port: 0, keep: false, clock: fastClock(100), ...options }))
  const { url } = await server.listen()
  const viewer = (query = '', headers = {}) => closing(new EventClient(`${url}ui/feed${query}`, headers))
  const told = async (client: EventClient, count: number) => (await client.have(count)) as unknown as FeedMessage[]
  return { source, url, viewer, told }
}

describe('what the page is shown', () => {
  it('begins with recent entries and is updated every second, with counts of all entries and a few certificates', async () => {
    const { source, viewer, told } = await serving()
    const client = viewer()
    const [begin] = await told(client, 1)
    expect(begin).toMatchObject({ kind: 'begin', total: 0, rows: [], matched: 0, viewers: 0, news: { troubles: [] } })
    source.add(certificates)
    let messages = await told(client, 2)
    while (messages.at(-1)?.total !== 40) messages = await told(client, messages.length + 1)
    const rows = messages.flatMap((message) => message.rows)
    expect(messages.reduce((sum, { matched }) => sum + matched, 0)).toBe(40)
    expect(rows.length).toBe(12)
    expect(rows.map(({ id }) => Number(id.split('-')[1]))).toEqual(
      rows.map(({ id }) => Number(id.split('-')[1])).sort((a, b) => b - a),
    )
  })

  it('is filtered by the search, including recent entries', async () => {
    const { source, viewer, told } = await serving()
    const first = viewer()
    await first.have(1)
    source.add(certificates)
    let messages = await told(first, 2)
    while (messages.at(-1)?.total !== 40) messages = await told(first, messages.length + 1)
    const name = certificates[3]?.dnsNames[0] ?? ''
    const [begin] = await told(viewer(`?match=${encodeURIComponent(name.toUpperCase())}`), 1)
    expect(begin?.matched).toBe(
      certificates.filter(({ dnsNames }) => dnsNames.some((one) => one.includes(name))).length,
    )
    expect(begin?.rows[0]?.names.concat()).toContain(name)
  })

  it('includes a whole certificate by its id while it is kept', async () => {
    const { source, url, viewer, told } = await serving()
    source.add(certificates.slice(0, 5))
    const client = viewer()
    let messages = await told(client, 1)
    while (messages.at(-1)?.total !== 5) messages = await told(client, messages.length + 1)
    const row = messages.flatMap(({ rows }) => rows)[0]
    const answer = await fetch(`${url}ui/certificate?id=${row?.id}`)
    expect(await answer.json()).toMatchObject({ id: row?.id, kind: row?.kind, der: expect.any(String) })
    for (const id of ['', 'x', '0123456789-1', `${row?.id.split('-')[0]}-99`])
      expect((await fetch(`${url}ui/certificate?id=${id}`)).status).toBe(404)
  })

  it('needs the token that everything needs, except for the page itself', async () => {
    const { url, viewer } = await serving({ tokens: ['a-secret'] })
    expect((await fetch(`${url}ui/feed`)).status).toBe(401)
    expect((await fetch(`${url}ui/certificate?id=1`)).status).toBe(401)
    expect(await viewer('', { Authorization: 'Bearer a-secret' }).status).toBe(200)
    // Not built here: what matters is that it is not refused.
    expect((await fetch(`${url}ui`)).status).toBe(404)
    expect((await fetch(`${url}ui/nothing`)).status).toBe(404)
    expect((await fetch(`${url}ui/`, { redirect: 'manual' })).headers.get('location')).toBe('../ui')
  })

  it('has places for others when one address has opened all the pages that it may', async () => {
    const { viewer } = await serving({ trustedProxies: ['127.0.0.1'] })
    const of = (address: string) => viewer('', { 'X-Forwarded-For': address })
    const pages = Array.from({ length: 30 }, (_, i) => of(`2001:db8:0:1::${i}`))
    const statuses = await Promise.all(pages.map(({ status }) => status))
    expect(statuses.filter((status) => status === 200)).toHaveLength(25)
    expect(statuses.filter((status) => status === 429)).toHaveLength(5)
    expect(await of('192.0.2.1').status).toBe(200)
    await pages[statuses.indexOf(200)]?.close()
    let status = await of('2001:db8:0:1::77').status
    while (status === 429) status = await of('2001:db8:0:1::77').status
    expect(status).toBe(200)
    expect(await of('2001:db8:0:1::78').status).toBe(429)
  })

  it('ends when the server closes', async () => {
    const source = new PageSource([], { staysOpen: true })
    const server = closing(createServer({ source, port: 0, keep: false }))
    const { url } = await server.listen()
    const client = closing(new EventClient(`${url}ui/feed`))
    await client.have(1)
    await server.close()
    await client.ended
  })
})

describe('entries a second', () => {
  it('cover finished seconds of the last quarter of an hour, with zero where nothing arrived', () => {
    const rates = new Rates(1000_500)
    rates.add(5, 1000_900)
    rates.add(2, 1001_000)
    rates.add(1, 1003_999)
    expect(rates.last(900, 1004_000)).toEqual({ from: 1000, values: [5, 2, 0, 1] })
    expect(rates.last(2, 1004_000)).toEqual({ from: 1002, values: [0, 1] })
    expect(rates.total).toBe(8)
    const later = rates.last(5000, 5000_000)
    expect([later.from, later.values.length, later.values.some((count) => count > 0)]).toEqual([4100, 900, false])
  })

  it('are unaffected by a clock that is set back', () => {
    const rates = new Rates(1000_000)
    rates.add(1, 1002_000)
    rates.add(3, 900_000)
    expect(rates.last(10, 1003_000)).toEqual({ from: 1000, values: [0, 0, 4] })
  })
})

describe('certificates that are shown', () => {
  it('are chosen with equal probability', () => {
    const chosen = new Array<number>(10).fill(0)
    let state = 1
    const random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647
    for (let round = 0; round < 2000; round++) {
      const sample = new Sample<number>(3, random)
      for (let i = 0; i < 10; i++) sample.add(i)
      const { items, count } = sample.take()
      expect([new Set(items).size, count]).toEqual([3, 10])
      for (const item of items) chosen[item] = (chosen[item] ?? 0) + 1
    }
    for (const count of chosen) expect(Math.abs(count - 600)).toBeLessThan(100)
  })

  it('match when each word is in a name, the issuer, the log or the kind', () => {
    const [certificate] = madeCertificates(1) as [CtCertificate]
    const name = certificate.dnsNames[0] ?? certificate.ipAddresses[0] ?? ''
    expect(matcherOf('  ')).toBeUndefined()
    expect(matcherOf(name.toUpperCase())?.(certificate)).toBe(true)
    expect(matcherOf(`${certificate.kind} ${name.slice(1)}`)?.(certificate)).toBe(true)
    expect(matcherOf(`${name} nothing-of-it`)?.(certificate)).toBe(false)
  })

  it('are described in short lines, whatever they hold', () => {
    const dnsNames = Array.from({ length: 5 }, (_, i) => `${'x'.repeat(300)}${i}.example`)
    const [certificate] = madeCertificates(1) as [CtCertificate]
    const long = Object.create(certificate, { dnsNames: { value: dnsNames } }) as CtCertificate
    const row = rowOf(long, 'id')
    expect([row.names.length, row.more, Math.max(...row.names.map(({ length }) => length))]).toEqual([3, 2, 253])
  })
})
