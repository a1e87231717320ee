import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { describe, expect, it, onTestFinished, vi } from 'vitest'
import { otlp } from '../../../src/outputs/otlp.js'
import { clockOf, once, send } from '../../support/sent-findings.js'
import { outputContract } from './contract.js'

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string; readonly intValue?: string }
}
interface LogRecord {
  readonly severityNumber: number
  readonly timeUnixNano: string
  readonly body: { readonly stringValue: string }
  readonly attributes: readonly Attribute[]
}

/** A collector that answers as it is told. */
async function collector() {
  const records: LogRecord[] = []
  const types: (string | undefined)[] = []
  let answer: ((response: ServerResponse) => void) | undefined
  const server = createServer((request, response) => {
    const chunks: Buffer[] = []
    request.on('data', (chunk) => chunks.push(chunk))
    request.on('end', () => {
      types.push(request.headers['content-type'])
      if (answer !== undefined) return answer(response)
      const { resourceLogs } = JSON.parse(Buffer.concat(chunks).toString())
      records.push(...resourceLogs[0].scopeLogs[0].logRecords)
      response.end('{"partialSuccess":{}}')
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  return {
    records,
    types,
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/logs`,
    answer: (how: typeof answer) => {
      answer = how
    },
  }
}

const attribute = ({ attributes }: LogRecord, name: string) =>
  attributes.find(({ key }) => key === `ct_stream.finding.${name}`)?.value

outputContract('otlp', async () => {
  const target = await collector()
  return {
    output: otlp.with({ url: target.url }),
    received: () => target.records.map((record) => attribute(record, 'id')?.stringValue ?? ''),
    fail: () => target.answer((response) => void response.writeHead(503).end()),
    repair: () => target.answer(undefined),
  }
})

describe('otlp', () => {
  it('sends a finding as a log record', async () => {
    const target = await collector()
    expect(await send(otlp.with({ url: target.url, maxBatch: 2 }), 5)).toBeUndefined()
    expect(target.records).toHaveLength(5)
    const [record] = target.records as [LogRecord]
    expect(record.severityNumber).toBe(17)
    expect(record.timeUnixNano).toMatch(/^\d{13}000000$/)
    expect(record.body.stringValue).toContain('HIGH 75 seen')
    expect(record.body.stringValue).not.toMatch(/\p{Cc}/u)
    expect(attribute(record, 'score')).toEqual({ intValue: '75' })
  })

  it.each(['content-type', 'Content-Type'])('has a header once that is set as %s too', async (name) => {
    const target = await collector()
    const headers = { [name]: 'application/json; charset=utf-8' }
    expect(await send(otlp.with({ url: target.url, headers }))).toBeUndefined()
    expect(target.types).toEqual(['application/json; charset=utf-8'])
  })

  it.each([
    [
      200,
      '{"partialSuccess":{"rejectedLogRecords":"1","errorMessage":"too \\u001b old"}}',
      /refused 1 of 1 findings: too \\x1b old/,
    ],
    [400, 'no', /answered 400: no/],
  ])('does not take an answer of %d for success that refuses findings: %s', async (status, text, message) => {
    const target = await collector()
    target.answer((response) => void response.writeHead(status).end(text))
    const error = await send(otlp.with({ url: target.url }, once), 1)
    expect(error?.cause).toMatchObject({
      code: 'CT_OUTPUT_FAILED',
      retryable: false,
      message: expect.stringMatching(message),
    })
  })

  it.each([
    ['{"partialSuccess":', undefined],
    ['{"partialSuccess":{"rejectedLogRecords":1}}', /refused 1 of 1 findings/],
  ])('takes what has arrived of an answer that does not end: %s', async (text, message) => {
    let requests = 0
    vi.stubGlobal('fetch', async () => {
      requests++
      const start = (controller: ReadableStreamDefaultController) => controller.enqueue(new TextEncoder().encode(text))
      return new Response(new ReadableStream({ start }))
    })
    onTestFinished(() => void vi.unstubAllGlobals())
    const error = await send(
      otlp.with({ url: 'https://collector.example/' }, once),
      1,
      clockOf(() => {}),
    )
    expect(error?.message).toEqual(message && expect.stringMatching(message))
    expect(requests).toBe(1)
  })

  it('takes any answer of 200 that refuses nothing', async () => {
    for (const text of [
      '',
      '{}',
      'ok',
      'null',
      '{"partialSuccess":null}',
      '{"partialSuccess":{"errorMessage":"a warning"}}',
    ]) {
      const target = await collector()
      target.answer((response) => void response.end(text))
      expect(await send(otlp.with({ url: target.url }, once)), text).toBeUndefined()
    }
  })
})
