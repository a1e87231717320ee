import { mkdtempSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { createTestLog, issueCertificates } from '../../src/testing/index.js'
import { BuiltCommand, hasPromtool, promtool } from '../support/built-command.js'
import { closing } from '../support/closing.js'

const place = mkdtempSync(join(tmpdir(), 'ct-stream-metrics-'))
afterAll(() => rmSync(place, { recursive: true, force: true }))

const issue = () => createTestLog({ entries: [...issueCertificates(30, { seed: 'metrics' })], description: 'Held' })
const metricsOf = async (command: BuiltCommand) => {
  const url = await command.says('stderr', /metrics .*?(http:\/\/\S+\/metrics)/)
  return { url, text: async () => (await fetch(url)).text() }
}

describe('--metrics-port', () => {
  it.each([
    ['stream', ['--module', 'jsonl:{"file":"none.jsonl"}'], /ct_stream_module_state\{module="jsonl/],
    ['watch', ['example.com'], /ct_stream_module_certificates_total\{module="watchlist"/],
  ] as const)('of ct-stream %s answers what the stream and its modules say', async (name, argv, ofModules) => {
    const log = closing(await issue())
    const flags = ['--log', log.url, '--key', log.key, '--start', 'beginning', '--no-checkpoint', '--log-level', 'info']
    const command = new BuiltCommand([name, ...argv, ...flags, '--metrics-port', '0'], place)
    const metrics = await metricsOf(command)
    let text = ''
    await expect
      .poll(
        async () => {
          text = await metrics.text()
          return /^ct_stream_log_entries_total\{log=.*\} 30$/m.test(text)
        },
        { timeout: 30_000 },
      )
      .toBe(true)
    expect(text).toMatch(ofModules)
    expect(text).toMatch(/^ct_stream_process_resident_memory_bytes /m)
    if (hasPromtool) expect(promtool(['check', 'metrics'], text)).toEqual({ status: 0, said: '' })
    expect((await fetch(metrics.url.replace('/metrics', '/'))).status).toBe(404)
    expect((await fetch(metrics.url, { method: 'POST' })).status).toBe(405)
    expect(await command.stop()).toBe(0)
  })

  it('names the flag that is wrong: a port in use, a host without a port', async () => {
    const other = createServer()
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const port = `${(other.address() as AddressInfo).port}`
    const taken = new BuiltCommand(['stream', '--metrics-port', port, '--no-checkpoint'], place)
    expect(await taken.closed).toBe(2)
    expect(taken.stderr).toContain(`--metrics-port`)
    expect(taken.stderr).toContain('EADDRINUSE')
    const homeless = new BuiltCommand(['stream', '--metrics-host', '::1', '--no-checkpoint'], place)
    expect(await homeless.closed).toBe(2)
    expect(homeless.stderr).toContain('--metrics-host needs --metrics-port')
    await new Promise((resolve) => other.close(resolve))
  })
})
