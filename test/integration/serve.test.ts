import { execFile } from 'node:child_process'
import CertStreamClient from 'certstream'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { Notifier } from '../../src/util/notifier.js'
import { describeReal, realJson } from '../real-data.js'
import { heldLog, newFolder, serve, shapeOf } from '../support/serve-command.js'
import { SocketClient } from '../support/server-clients.js'

// `ct-stream serve` as it is shipped, in a process of its own, against a log in this one. A few kills in `npm test`, many in
// `npm run test:long`.
const ROUNDS = Number(process.env.CT_STREAM_TEST_CRASHES ?? 2)

async function certStreamJs(url: string, path: string) {
  const messages: Record<string, unknown>[] = []
  const changed = new Notifier()
  const client = new CertStreamClient((message) => {
    messages.push(message)
    changed.notify()
  })
  const log = vi.spyOn(console, 'log').mockReturnValue()
  client.connect(`${url.replace('http', 'ws')}${path}`)
  onTestFinished(() => client.ws.terminate())
  await new Promise<void>((resolve) => client.ws.on('open', resolve))
  log.mockRestore()
  return {
    have: async (count: number) => {
      while (messages.length < count) await changed.wait()
      return messages
    },
  }
}

describe('ct-stream serve', () => {
  it('serves the entries of the log to an unchanged certstream-js, and ends in time with clients attached', async () => {
    const place = newFolder()
    const { log, issued, release } = await heldLog(40)
    const server = await serve(place, log, '--no-checkpoint', '--no-keep')
    const [full, lite, domains] = [
      await certStreamJs(server.url, 'full-stream'),
      await certStreamJs(server.url, ''),
      await certStreamJs(server.url, 'domains-only'),
    ]
    release()
    const messages = await full.have(issued.length)
    const der = messages.map(({ data }) => (data as { leaf_cert: { as_der: string } }).leaf_cert.as_der)
    expect(der).toEqual(issued.map((one) => Buffer.from(one.der).toString('base64')))
    const chains = messages.map(({ data }) =>
      (data as { chain: { as_der: string }[] }).chain.map(({ as_der }) => as_der),
    )
    expect(chains).toEqual(issued.map(({ chain }) => chain.map((one) => Buffer.from(one).toString('base64'))))
    expect(shapeOf((await lite.have(issued.length))[0])).not.toContain('.data.leaf_cert.as_der')
    const names = messages.map(({ data }) => (data as { leaf_cert: { all_domains: string[] } }).leaf_cert.all_domains)
    const named = names.filter(({ length }) => length > 0)
    expect((await domains.have(named.length)).map(({ data }) => data)).toEqual(named)
    const { code, stderr, ms } = await server.stop('SIGTERM')
    expect([code, stderr]).toEqual([0, ''])
    expect(ms).toBeLessThan(5000)
  })

  it('sends events to curl, and resumes after an id', async () => {
    const place = newFolder()
    const { log, issued, release } = await heldLog(20)
    const server = await serve(place, log, '--no-checkpoint', '--keep', 'curl.db')
    const client = new SocketClient(`${server.url}v2/stream?format=domains`)
    await client.opened
    release()
    await client.have(issued.length)
    const [from] = client.ids
    const curl = (...argv: string[]) =>
      new Promise<string>((resolve) => {
        // It ends by its own limit of time: the answer has no end.
        execFile('curl', ['-sN', '--max-time', '2', ...argv], (_error, stdout) => resolve(stdout))
      })
    const text = await curl('-H', `Last-Event-ID: ${from}`, `${server.url}v2/sse?format=domains`)
    const events = text.split('\n\n').filter((block) => block.includes('data: '))
    expect(events.map((block) => JSON.parse(block.slice(block.indexOf('data: ') + 6)))).toEqual(
      client.messages.slice(1),
    )
    expect(events.map((block) => block.split('\n')[0])).toEqual(client.ids.slice(1).map((id) => `id: ${id}`))
    await client.close()
    expect((await server.stop('SIGTERM')).code).toBe(0)
  })

  it(
    `loses nothing to ${ROUNDS} kills, and sends nothing twice to a client that goes on by id`,
    async () => {
      const count = 300 * (ROUNDS + 1)
      const place = newFolder()
      const { log, release } = await heldLog(count, { pageSize: 32 })
      let after = ''
      const seen: number[] = []
      const ids: (string | undefined)[] = []
      for (let round = 0; round <= ROUNDS; round++) {
        const server = await serve(place, log, '--checkpoint', 'kill.db', '--keep', 'kill-kept.db')
        const client = new SocketClient(`${server.url}v2/stream?format=domains${after}`)
        await client.opened
        if (round === 0) release()
        const wanted = round === ROUNDS ? count - seen.length : 50 + Math.floor(Math.random() * 250)
        await client.have(wanted)
        await server.stop(round === ROUNDS ? 'SIGTERM' : 'SIGKILL')
        await client.closed
        seen.push(...client.messages.map((message) => (message as unknown as { index: number }).index))
        ids.push(...client.ids)
        after = `&after=${ids.at(-1)}`
      }
      expect(seen).toEqual(Array.from({ length: count }, (_, i) => i))
      expect(new Set(ids).size).toBe(count)
    },
    120_000 + ROUNDS * 10_000,
  )

  it('reports wrong flags, and a port or a file in use', async () => {
    const place = newFolder()
    const { log } = await heldLog(2)
    const first = await serve(place, log, '--no-checkpoint', '--keep', 'taken.db')
    const port = new URL(first.url).port
    await expect(serve(place, log, '--no-checkpoint', '--keep', 'taken.db')).rejects.toThrow(
      /taken\.db.*another process has it open/,
    )
    await expect(serve(place, log, '--no-checkpoint', '--no-keep', '--port', port)).rejects.toThrow(
      /another program listens/,
    )
    await expect(serve(place, log, '--port', '70000')).rejects.toThrow(/--port must be an integer from 0 to 65535/)
    await expect(serve(place, log, '--keep-for', '5')).rejects.toThrow(/--keep-for must be a duration/)
    await expect(serve(place, log, '--tls-cert', 'x.pem')).rejects.toThrow(/--tls-cert needs --tls-cert and --tls-key/)
    await first.stop('SIGTERM')
  })
})

describeReal('messages of servers that were recorded', () => {
  it('have no key that is missing in those of ct-stream serve', async () => {
    const place = newFolder()
    const { log, issued, release } = await heldLog(4)
    const server = await serve(place, log, '--no-checkpoint', '--no-keep')
    const client = await certStreamJs(server.url, 'full-stream')
    release()
    const ours = new Set((await client.have(issued.length)).flatMap((message) => shapeOf(message)))
    const live = realJson<{ items?: unknown[] } | unknown[]>(
      'reloading01+certstream-server-rust',
      'extracted',
      'live_ct.shared.json',
    )
    const rust = (Array.isArray(live) ? live : (live.items ?? [])) as { expected_full: string }[]
    const recorded = [
      realJson('CaliDog+certstream-server', 'extracted', 'example.full.json'),
      realJson('CaliDog+certstream-python', 'extracted', 'readme-message.json'),
      realJson('huydhn+certstream-analytics', 'extracted', 'certstream-447858050.json'),
      realJson('acidvegas+eris', 'certstream-yeti2025-43061646.json'),
      ...rust.map(({ expected_full }) => JSON.parse(expected_full) as unknown),
    ]
    expect(rust.length).toBeGreaterThan(10)
    expect(new Set(recorded.flatMap((message) => shapeOf(message).filter((key) => !ours.has(key))))).toEqual(new Set())
    await server.stop('SIGTERM')
  })
})
