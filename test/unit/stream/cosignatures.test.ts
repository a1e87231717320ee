import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect, it } from 'vitest'
import { isCosignedBy } from '../../../src/index.js'
import { ctStream } from '../../../src/stream/ct-stream.js'
import { createTestLog, issueCertificates } from '../../../src/testing/index.js'
import { toBase64, toHex } from '../../../src/util/bytes.js'
import { noteKeyId } from '../../../src/wire/signed-note.js'
import { describeReal, realBytes, realJson } from '../../real-data.js'
import { Reader } from '../../support/reader.js'

const vkeyOf = (name: string, key: Uint8Array) =>
  `${name}+${toHex(noteKeyId(name, 4, key))}+${toBase64(Uint8Array.of(4, ...key))}`

it('come with every new head of a static-ct log, for its witnesses to be verified', async () => {
  const options = { witnesses: 3, grease: true, entries: issueCertificates(5, { sign: false }) }
  await using log = await createTestLog({ kind: 'static-ct', ...options })
  await using reader = new Reader(ctStream({ logs: [log.spec], checkpoint: false, pollIntervalMs: 20 }))
  await reader.until(() => reader.heads.length === 1)
  log.add(issueCertificates(5, { sign: false, seed: 'more' }))
  const { timestamp } = log.publish()
  await reader.until(() => reader.heads.length === 2)
  for (const { head, cosignatures } of reader.heads) {
    // Three witnesses, and two lines that mean nothing.
    expect(cosignatures).toHaveLength(5)
    expect(Object.keys(head).sort()).toEqual(['rootHash', 'signature', 'timestamp', 'treeSize'])
    for (const [i, key] of log.witnessKeys.entries()) {
      const vkey = vkeyOf(`witness-${i}.example`, key)
      expect(cosignatures.filter((cosignature) => isCosignedBy(cosignature, vkey))).toHaveLength(1)
    }
  }
  const last = reader.heads.at(-1)
  const times = last?.cosignatures.flatMap((line) =>
    line.name.startsWith('witness') && 'timestamp' in line ? [line.timestamp] : [],
  )
  expect(times).toEqual(Array(3).fill(Math.floor(timestamp / 1000) * 1000))
})

it('are none of an RFC 6962 log', async () => {
  await using log = await createTestLog({ entries: issueCertificates(5, { sign: false }) })
  await using reader = new Reader(ctStream({ logs: [log.spec], checkpoint: false }))
  await reader.until(() => reader.heads.length === 1)
  expect(reader.heads[0]?.cosignatures).toEqual([])
})

describeReal('of a real checkpoint', () => {
  it('come as the log served them', async () => {
    const { origin, key } = realJson<{ origin: string; key: string }>(
      'Sawchord+luct/testdata/arche2026h1-signed-note.key.json', // prettier-ignore
    )
    const checkpoint = realBytes('Sawchord+luct/testdata/arche2026h1-signed-note.txt')
    const server = createServer((request, response) => {
      response.writeHead(request.url === '/checkpoint' ? 200 : 404).end(checkpoint)
    })
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const monitoringUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
    const spec = { kind: 'static-ct', key, monitoringUrl, submissionUrl: `https://${origin}/` } as const
    const reader = new Reader(ctStream({ logs: [spec], checkpoint: false }))
    try {
      await reader.until(() => reader.heads.length === 1)
      const [event] = reader.heads
      expect(event?.head.treeSize).toBe(1822167730)
      expect(event?.cosignatures.map(({ kind, name }) => [kind, name])).toEqual([
        ['unknown', origin],
        ['cosignature/v1', 'transparency.dev/DEV:witness-little-garden'],
        ['cosignature/v1', 'witness.stagemole.eu'],
        ['cosignature/v1', 'witness1.smartit.nu/witness1'],
        ['cosignature/v1', 'rgdd.se/poc-witness'],
        ['cosignature/v1', 'remora.n621.de'],
      ])
    } finally {
      await reader.close()
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    }
  })
})
