import type { Writable } from 'node:stream'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as ws from 'ws'
import { framed } from '../../../src/server/framing.js'
import { messageId, newSeries, parseMessageId } from '../../../src/server/message-id.js'
import { servedEntry } from '../../../src/server/served-entry.js'
import { type Selection, ServedPage } from '../../../src/server/served-page.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { madeCertificates } from '../../support/module-certificates.js'

/** Not in the types of the package. */
const { Receiver } = ws as unknown as { Receiver: new (options: object) => Writable }

const series = newSeries()
const lite: Selection = { key: 'lite', format: 'certstream-lite', framing: 'websocket', matches: undefined }

async function pageOf(certificates: readonly CtCertificate[], first = 1): Promise<ServedPage> {
  const entries = certificates.map(async (certificate) => servedEntry(certificate, await certificate.chain()))
  return new ServedPage(series, first, await Promise.all(entries))
}

/** What the package `ws` reads in a server's bytes. */
async function messagesIn(bytes: Buffer): Promise<unknown[]> {
  const messages: unknown[] = []
  const receiver = new Receiver({ isServer: false, skipUTF8Validation: false })
  receiver.on('message', (data: Buffer, isBinary: boolean) =>
    messages.push(isBinary ? 'binary' : JSON.parse(`${data}`)),
  )
  await new Promise<void>((resolve, reject) => {
    receiver.on('error', reject)
    receiver.end(bytes, resolve)
  })
  return messages
}

describe('a page of a server', () => {
  it('has all its messages as WebSocket frames in one buffer, which the package ws can read', async () => {
    const certificates = madeCertificates(5, { kinds: 'pairs' })
    const page = await pageOf(certificates, 7)
    const messages = await messagesIn(page.encode(lite, 7))
    expect(messages).toEqual(
      certificates.map((certificate, i) => ({
        ...certificate.toCertStream('lite'),
        cursor: messageId(series, 7 + i),
      })),
    )
  })

  it('frames messages of every length so that the package ws can read them', async () => {
    const lengths = fc.oneof(fc.constantFrom(0, 123, 124, 65_533, 65_534, 70_000), fc.integer({ min: 0, max: 300 }))
    await fc.assert(
      fc.asyncProperty(fc.array(lengths, { maxLength: 4 }), async (all) => {
        const texts = all.map((length) => 'x'.repeat(length))
        const bytes = texts.map((text) => framed('websocket', Buffer.from(JSON.stringify(text)), 'id'))
        expect(await messagesIn(Buffer.concat(bytes))).toEqual(texts)
      }),
      { numRuns: 30 },
    )
  })

  it('gives the same buffer to all clients with the same subscription, and makes no message that nobody wants', async () => {
    const page = await pageOf(madeCertificates(3))
    expect(page.encode(lite, 1)).toBe(page.encode({ ...lite }, 1))
    expect(page.message('certstream-lite', 0)).toBe(page.message('certstream-lite', 0))
    let asked = 0
    const none = { ...lite, key: 'none', matches: () => asked++ < 0 }
    expect(page.encode(none, 1)).toHaveLength(0)
    page.encode(none, 1)
    expect(asked).toBe(3)
  })

  it('keeps the buffers that are asked for, not one for every subscription that there ever was', async () => {
    const page = await pageOf(madeCertificates(1))
    const encode = (key: string) => page.encode({ ...lite, key }, 1)
    const [shared, left] = [encode('shared'), encode('left')]
    for (let i = 0; i < 1000; i++) {
      encode(`once-${i}`)
      expect(encode('shared')).toBe(shared)
    }
    const again = encode('left')
    expect(again).not.toBe(left)
    expect(again).toEqual(left)
  })

  it('can be sent from the middle to clients that have its beginning', async () => {
    const page = await pageOf(madeCertificates(4), 10)
    const rest = await messagesIn(page.encode(lite, 12))
    expect(rest).toMatchObject([{ cursor: messageId(series, 12) }, { cursor: messageId(series, 13) }])
    expect(await messagesIn(page.encode(lite, 10))).toHaveLength(4)
  })

  it('makes Server-Sent Events that carry the id', async () => {
    const page = await pageOf(madeCertificates(1))
    const text = `${page.encode({ ...lite, key: 'sse', framing: 'sse', format: 'domains' }, 1)}`
    expect(text).toMatch(new RegExp(`^id: ${series}-1\\ndata: \\{.*\\}\\n\\n$`))
  })

  it('sends the issuers and the DER in full messages', async () => {
    const [certificate] = madeCertificates(1) as [CtCertificate]
    const page = await pageOf([certificate])
    const message = JSON.parse(`${page.message('full', 0)}`)
    expect(message.der).toBe(Buffer.from(certificate.der as Uint8Array).toString('base64'))
    expect(message.chain).toEqual((await certificate.chain()).map((der) => Buffer.from(der).toString('base64')))
    const { cursor, ...record } = certificate.toJSON()
    expect(message).toMatchObject(record)
    expect(message.cursor).toBe(message.id)
    expect(cursor).not.toBe(message.cursor)
  })
})

describe('an id of a message', () => {
  it('is parsed from its own text, and from no other', () => {
    expect(parseMessageId(messageId(series, 42))).toEqual({ series, number: 42 })
    for (const text of [
      '',
      '1',
      `${series}-`,
      `${series}-1 `,
      `${series}--1`,
      `${series}-${'9'.repeat(16)}`,
      `X${series}-1`,
    ])
      expect(parseMessageId(text), text).toBeUndefined()
  })
})
