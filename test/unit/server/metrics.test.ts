import { describe, expect, it } from 'vitest'
import { createServer, type ServerOptions } from '../../../src/server/index.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { closing } from '../../support/closing.js'
import { madeCertificates } from '../../support/module-certificates.js'
import { EventClient, SocketClient } from '../../support/server-clients.js'
import { log, status } from '../cli/sample-status.js'

const certificates = madeCertificates(6)

async function serving(options: Partial<ServerOptions> = {}) {
  const source = Object.assign(new PageSource([], { staysOpen: true }), { status: () => status([log()]) })
  const server = closing(createServer({ source, port: 0, keep: false, ...options }))
  const { url } = await server.listen()
  const metrics = async (headers = {}) => (await fetch(`${url}metrics`, { headers })).text()
  return { source, url, metrics }
}

describe('/metrics', () => {
  it('counts clients, entries, bytes and answers by path, and shows the figures of the source', async () => {
    const { source, url, metrics } = await serving()
    const [socket, events] = [
      closing(new SocketClient(`${url}v2/stream`)),
      closing(new EventClient(`${url}v2/sse?format=domains`)),
    ]
    await Promise.all([socket.opened, events.status])
    source.add(certificates)
    await Promise.all([socket.have(6), events.have(6)])
    await (await fetch(`${url}x/y/z`)).text()
    const refused = closing(new SocketClient(`${url}v2/stream?nothing=1`))
    expect(await refused.refused).toBe(400)
    const lines = (await metrics()).split('\n')
    for (const line of [
      'ct_stream_server_clients{path="/v2/stream"} 1',
      'ct_stream_server_clients{path="/v2/sse"} 1',
      'ct_stream_server_clients{path="/full-stream"} 0',
      'ct_stream_server_entries_total 6',
      'ct_stream_server_kept_messages 6',
      'ct_stream_server_answers_total{path="/v2/stream",code="101"} 1',
      'ct_stream_server_answers_total{path="/v2/stream",code="400"} 1',
      'ct_stream_server_answers_total{path="/v2/sse",code="200"} 1',
      'ct_stream_server_answers_total{path="other",code="404"} 1',
      'ct_stream_server_healthy 1',
      'ct_stream_server_ready 1',
      'ct_stream_log_head_size{log="a",operator="a"} 10',
    ])
      expect(lines).toContain(line)
    const sent = lines.find((line) => line.startsWith('ct_stream_server_sent_bytes_total'))
    expect(Number(sent?.split(' ')[1])).toBeGreaterThan(1000)
  })

  it('counts clients that resumed too late for what is kept', async () => {
    const { source, url, metrics } = await serving()
    const first = closing(new SocketClient(`${url}v2/stream`))
    await first.opened
    source.add(certificates.slice(0, 2))
    await first.have(2)
    const strange = closing(new SocketClient(`${url}v2/stream?after=0123456789-1`))
    await strange.have(1)
    const lines = (await metrics()).split('\n')
    expect(lines).toContain('ct_stream_server_gaps_total 1')
    expect(lines).toContain('ct_stream_server_catch_ups_total 1')
  })

  it('needs the token that everything needs', async () => {
    const { metrics } = await serving({ tokens: ['12345678'] })
    expect(await metrics()).toBe('a token is needed\n')
    expect(await metrics({ authorization: 'Bearer 12345678' })).toMatch(/^ct_stream_server_healthy 1$/m)
  })
})
