import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { defineModule } from '../../../src/modules/index.js'
import { createServer, type ServerOptions } from '../../../src/server/index.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { Finding } from '../../../src/types/finding.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { ApiClient } from '../../support/api-client.js'
import { closing } from '../../support/closing.js'
import { logNamed, madeCertificates } from '../../support/module-certificates.js'
import { EventClient, type Message, SocketClient } from '../../support/server-clients.js'

const folder = mkdtempSync(join(tmpdir(), 'ct-stream-findings-'))
afterAll(() => rmSync(folder, { recursive: true }))
let files = 0
const newFile = () => join(folder, `${files++}.db`)

const certificates = madeCertificates(12)
const others = madeCertificates(4, { log: logNamed('two'), seed: 'others' })

/** Reports every certificate of an even index. */
const even = defineModule({
  name: 'even',
  onCertificate(certificate, { emit }) {
    if (certificate.index % 2 === 0) emit({ kind: 'even', severity: 'low', reason: `index ${certificate.index}` })
  },
})

async function serving(options: Partial<ServerOptions> = {}) {
  const source = new PageSource([], { staysOpen: true })
  const server = closing(createServer({ source, port: 0, keep: false, modules: [even], ...options }))
  const { url } = await server.listen()
  const socket = async (query: string) => {
    const client = closing(new SocketClient(`${url}v2/stream?format=domains${query}`))
    await client.opened
    return client
  }
  return { source, server, url, socket }
}

type Sent = Message & { readonly finding?: Finding; readonly index?: number }
/** Indexes of certificates, and those that findings are about. */
const told = (messages: readonly Message[]) =>
  (messages as Sent[]).map(({ index, finding }) =>
    finding === undefined ? index : `finding ${finding.certificate.index}`,
  )

describe('findings of modules', () => {
  it('are sent to clients that ask for them, with or without certificates, and to no others', async () => {
    const { source, url, socket } = await serving()
    const [none, all, only] = [await socket(''), await socket('&findings=1'), await socket('&findings=only')]
    const events = closing(new EventClient(`${url}v2/sse?findings=only`))
    await events.status
    source.add(certificates.slice(0, 4))
    await Promise.all([none.have(4), all.have(6), only.have(2), events.have(2)])
    expect(told(none.messages)).toEqual([0, 1, 2, 3])
    expect(told(all.messages)).toEqual([0, 1, 2, 3, 'finding 0', 'finding 2'])
    expect(told(only.messages)).toEqual(['finding 0', 'finding 2'])
    expect(events.messages).toEqual(only.messages)
    const [first] = only.messages as Sent[]
    expect(first).toMatchObject({
      kind: 'finding',
      message_type: 'finding',
      finding: { module: 'even', severity: 'low' },
    })
    expect(events.lastId).toBe(only.ids[1])
  })

  it('share one series of ids with certificates, so that a client can resume after either, also after a restart', async () => {
    const file = newFile()
    const { source, server, socket } = await serving({ keep: { file } })
    const first = await socket('&findings=1')
    source.add(certificates.slice(0, 4))
    source.add(others)
    await first.have(4 + 2 + 4 + 2)
    const { ids, messages } = first
    expect(ids.map((id) => Number(id?.split('-')[1])).toSorted((a, b) => a - b)).toEqual(ids.map((_, i) => i + 1))
    await server.close()
    const again = await serving({ keep: { file } })
    for (const from of [0, 4, 5, 7]) {
      const client = await again.socket(`&findings=1&after=${ids[from]}`)
      expect(await client.have(messages.length - from - 1)).toEqual(messages.slice(from + 1))
    }
    // Without findings their numbers are passed over, and are no gap.
    const plain = await again.socket(`&after=${ids[0]}`)
    const certificatesAfter = (messages as Sent[]).slice(1).filter(({ finding }) => finding === undefined)
    expect(await plain.have(certificatesAfter.length)).toEqual(certificatesAfter)
  })

  it('are sent once, even if the module sees an entry again after a crash', async () => {
    const file = newFile()
    const first = await serving({ keep: { file } })
    const client = await first.socket('&findings=only')
    first.source.add(certificates.slice(0, 4))
    const sent = [...(await client.have(2))]
    await first.server.close()
    // Nothing of it was acknowledged: the stream delivers it again.
    const again = await serving({ keep: { file } })
    const later = await again.socket(`&findings=only&after=${client.ids[0]}`)
    again.source.add(certificates.slice(0, 6))
    const messages = await later.have(2)
    expect(messages[0]).toEqual(sent[1])
    expect(told(messages)).toEqual(['finding 2', 'finding 4'])
  })

  it('are filtered by the certificate that they are about, also when sent from the file', async () => {
    const { source, socket } = await serving({ keep: { file: newFile() } })
    const [name] = (certificates[2] as CtCertificate).dnsNames as [string]
    const live = await socket(`&findings=1&domain==${name}`)
    source.add(certificates.slice(0, 4))
    expect(told(await live.have(2))).toEqual([2, 'finding 2'])
    const issuer = (certificates[0] as CtCertificate).issuer.organization ?? ''
    const byIt = certificates
      .slice(0, 4)
      .filter(({ index, issuer: { organization } }) => index % 2 === 0 && organization === issuer)
    const later = await socket(`&findings=only&issuer=${encodeURIComponent(issuer)}&after=0123456789-1`)
    expect(told((await later.have(1 + byIt.length)).slice(1))).toEqual(byIt.map(({ index }) => `finding ${index}`))
    const nobody = await socket('&findings=only&issuer=Nobody&heartbeat=1&after=0123456789-1')
    expect((await nobody.have(2)).map(({ kind }) => kind)).toEqual(['gap', 'heartbeat'])
  })

  it('are kept before the certificate is acknowledged', async () => {
    let release = () => {}
    const held = new Promise<void>((resolve) => {
      release = resolve
    })
    const slow = defineModule({
      name: 'slow',
      async onCertificate(_, { emit }) {
        await held
        emit({ kind: 'late', reason: 'it took its time' })
      },
    })
    const { source, socket } = await serving({ modules: [slow] })
    const client = await socket('&findings=1')
    source.add(certificates.slice(0, 1))
    await client.have(1)
    expect(source.position(certificates[0])).toBe(0)
    release()
    await client.have(2)
    await expect.poll(() => source.position(certificates[0])).toBe(1)
  })

  it('are listed by the API, newest first, with the state of the modules, and counted in the metrics', async () => {
    const { source, url, socket } = await serving()
    const client = await socket('&findings=only')
    source.add(certificates)
    await client.have(6)
    const api = await ApiClient.open(url)
    const first = (await api.ask<{ items: Sent[]; next: string }>('/findings', { query: '?limit=4' })).body
    const rest = (await api.ask<{ items: Sent[]; next: string | null }>('/findings', { query: `?after=${first.next}` }))
      .body
    expect([...first.items, ...rest.items].map(({ id }) => id)).toEqual([...client.ids].reverse())
    expect(rest.next).toBeNull()
    const { items } = (await api.ask<{ items: object[] }>('/modules')).body
    expect(items).toMatchObject([
      { name: 'even', state: 'running', emitted: 6, certificates: 12 },
      { name: 'ct-stream/served', acknowledge: true },
    ])
    const metrics = await (await fetch(`${url}metrics`)).text()
    expect(metrics).toMatch(/^ct_stream_server_findings_total 6$/m)
    expect(metrics).toMatch(/^ct_stream_module_emitted_findings_total\{module="even"\} 6$/m)
  })

  it('cannot be asked for with a wrong parameter, or made by a wrong module', async () => {
    const { url } = await serving()
    const wrong = closing(new SocketClient(`${url}v2/stream?findings=yes`))
    expect(await wrong.refused).toBe(400)
    const twice = createServer({ source: new PageSource([]), port: 0, keep: false, modules: [even, even] })
    await expect(twice.listen()).rejects.toMatchObject({ code: 'CT_OPTION_INVALID' })
  })
})
