import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { otlp } from '../../src/outputs/otlp.js'
import { freePort } from '../support/free-port.js'
import { madeCertificates } from '../support/module-certificates.js'
import { send } from '../support/sent-findings.js'

const script = join(import.meta.dirname, '..', 'services', 'collector.sh')

/** A collector that writes out what it has read; `undefined` where none can be built. */
async function collector() {
  const { CT_STREAM_TEST_COLLECTOR: given, CT_STREAM_TEST_REQUIRE_ENGINES: required } = process.env
  if (given === 'none') return undefined
  const folder = mkdtempSync(join(tmpdir(), 'ct-stream-collector-'))
  onTestFinished(() => {
    execFileSync('bash', [script, 'stop', folder])
    rmSync(folder, { recursive: true, force: true })
  })
  const port = await freePort()
  try {
    execFileSync('bash', [script, 'start', folder, String(port)], { stdio: ['ignore', 'ignore', 'pipe'] })
  } catch (error) {
    if (required !== undefined) throw error
    return undefined
  }
  return { url: `http://127.0.0.1:${port}/v1/logs`, log: () => readFileSync(join(folder, 'log'), 'utf8') }
}

describe('findings as OpenTelemetry logs', () => {
  // The first time it is built.
  it('arrive in a collector with their severity, attributes and text', { timeout: 600_000 }, async ({ skip }) => {
    const target = await collector()
    if (target === undefined) return skip()
    expect(await send(otlp.with({ url: target.url, maxBatch: 20 }), 50)).toBeUndefined()
    const records = () =>
      target
        .log()
        .split(/^LogRecord #/m)
        .slice(1)
    await vi.waitFor(() => expect(records()).toHaveLength(50), 20_000)
    const text = target.log()
    expect(text).toContain('-> service.name: Str(ct-stream)')
    const all = records()
    for (const [i, { index, sha256, dnsNames }] of madeCertificates(50).entries()) {
      const record = all[i] ?? ''
      expect(record).toContain('SeverityText: ERROR')
      expect(record).toContain('SeverityNumber: Error(17)')
      expect(record).toContain(`-> ct_stream.log.index: Int(${index})`)
      expect(record).toContain(`-> tls.server.hash.sha256: Str(${sha256?.toUpperCase()})`)
      expect(record).toContain(JSON.stringify(dnsNames[0]))
    }
  })
})
