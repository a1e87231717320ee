import { context, trace } from '@opentelemetry/api'
import { BasicTracerProvider, InMemorySpanExporter, SimpleSpanProcessor } from '@opentelemetry/sdk-trace-base'
import { afterEach, describe, expect, it } from 'vitest'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLog, issueCertificates, type TestLog } from '../../../src/testing/index.js'
import { Tracing } from '../../../src/util/tracing.js'
import { closing } from '../../support/closing.js'

const key = Symbol.for('opentelemetry.js.api.1')
afterEach(() => {
  trace.disable()
  context.disable()
})

/** What a program does that has OpenTelemetry: spans end up in a list. */
function setUp() {
  const exporter = new InMemorySpanExporter()
  trace.setGlobalTracerProvider(new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] }))
  return exporter
}

const issue = () =>
  createTestLog({ kind: 'rfc6962', entries: [...issueCertificates(40)], description: 'Held', pageSize: 16 })

async function readAll(log: TestLog): Promise<number> {
  const stream = closing(ctStream({ logs: [log.spec], start: 'beginning', end: 'head', checkpoint: false }))
  let count = 0
  for await (const batch of stream.batches()) count += batch.length
  await stream.close()
  return count
}

describe('spans for OpenTelemetry', () => {
  it('are one for each request, proof, page given to the reader, and commit', async () => {
    const exporter = setUp()
    const log = closing(await issue())
    expect(await readAll(log)).toBe(40)
    const spans = exporter.getFinishedSpans()
    const named = (name: string) => spans.filter((span) => span.name === name)
    const urls = named('GET').map(({ attributes }) => String(attributes['url.full']))
    expect(urls.some((url) => url.includes('/ct/v1/get-sth'))).toBe(true)
    expect(urls.filter((url) => url.includes('/ct/v1/get-entries')).length).toBeGreaterThanOrEqual(3)
    expect(named('GET')[0]?.attributes).toMatchObject({
      ...{ 'http.request.method': 'GET', 'http.response.status_code': 200, 'server.address': '127.0.0.1' },
    })
    const sumOf = (name: string) =>
      named(name).reduce((sum, { attributes }) => sum + Number(attributes['ct_stream.entries']), 0)
    for (const name of ['ct_stream.prove', 'ct_stream.deliver', 'ct_stream.commit']) expect(sumOf(name), name).toBe(40)
    expect(named('ct_stream.deliver')[0]?.attributes).toMatchObject({ 'ct_stream.log': 'Held', 'ct_stream.start': 0 })
    for (const { duration, status } of spans) expect([duration[0] >= 0, status.code]).toEqual([true, 0])
  })

  it('say what failed, without what a log can put into a terminal', async () => {
    const exporter = setUp()
    const log = closing(await issue())
    log.fault({ on: 'get-entries', status: 503, times: 1, body: '\u001b[31mno' })
    expect(await readAll(log)).toBe(40)
    const [failed, ...others] = exporter.getFinishedSpans().filter(({ status }) => status.code === 2)
    expect(others).toEqual([])
    expect(failed?.attributes).toMatchObject({ 'error.type': 'CT_HTTP_STATUS' })
    expect(failed?.status.message).toContain('503')
    expect(failed?.status.message).not.toMatch(/\p{Cc}/u)
  })

  it('are off, with nothing loaded, where no program has set it up', async () => {
    expect((globalThis as Record<symbol, { trace?: unknown } | undefined>)[key]?.trace).toBeUndefined()
    const tracing = new Tracing()
    expect(Tracing.isWanted).toBe(false)
    await tracing.open()
    expect(tracing.isOn).toBe(false)
    expect(tracing.begin('x', {})).toBeUndefined()
    expect(await tracing.span({ name: 'x', kind: 'internal', attributes: {} }, async () => 7)).toBe(7)
  })
})
