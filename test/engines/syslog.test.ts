import { describe, expect, it, vi } from 'vitest'
import { runModules } from '../../src/modules/index.js'
import { syslog } from '../../src/outputs/syslog.js'
import { PageSource } from '../support/acknowledged-source.js'
import { madeCertificates } from '../support/module-certificates.js'
import { clockOf, once, reporter, send } from '../support/sent-findings.js'
import { noRsyslog, rsyslog } from './rsyslog.js'

describe.skipIf(noRsyslog)('syslog, to rsyslog over TLS', () => {
  it('arrives with its severity, source, structured data and text', async () => {
    const server = await rsyslog()
    const { url, ca } = server
    const output = syslog.with({ url, ca, servername: 'syslog.example', hostname: 'collector one', facility: 'local3' })
    expect(await send(output, 250)).toBeUndefined()
    // It has them, and writes them when it comes to it.
    await vi.waitFor(() => expect(server.messages()).toHaveLength(250), 20_000)
    const messages = server.messages()
    for (const [i, certificate] of madeCertificates(250).entries()) {
      expect(messages[i]).toMatchObject({
        priority: String(19 * 8 + 3),
        host: 'collector_one',
        app: 'ct-stream',
        id: 'reporter',
        data: expect.stringContaining(`sha256="${certificate.sha256}"`),
        text: expect.stringContaining('HIGH 75 seen'),
      })
      expect(messages[i]?.data).toContain(`index="${certificate.index}"`)
    }
  })

  it('refuses a server whose certificate it cannot verify', async () => {
    const server = await rsyslog()
    for (const more of [{}, { ca: server.ca }])
      expect(await send(syslog.with({ url: server.url, ...more }, once))).toMatchObject({
        cause: expect.objectContaining({
          code: 'CT_OUTPUT_FAILED',
          message: expect.stringMatching(/self-signed|altnames/),
        }),
      })
    expect(server.messages()).toEqual([])
  })

  it('sends the findings that were not accepted once the server is back', async () => {
    const server = await rsyslog()
    await server.stop()
    const output = syslog.with({ url: server.url, ca: server.ca, servername: 'syslog.example' })
    let waits = 0
    const clock = clockOf(async () => {
      if (++waits === 2) await server.start()
    })
    await runModules(new PageSource([madeCertificates(5)]), [reporter, output], { clock, random: () => 0 }).done
    const ids = () => new Set(server.messages().map(({ data }) => / id="(\w+)"/.exec(data)?.[1]))
    await vi.waitFor(() => expect(ids().size).toBe(5), 20_000)
  })
})
