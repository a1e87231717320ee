import { Agent } from 'undici'
import { describe, expect, it } from 'vitest'
import { type CtCertificate, ctStream, decodeCertificate, getEntry, probeLog } from '../../../src/index.js'
import { createTestCa, issueCertificates } from '../../../src/testing/index.js'
import type { ListedLog } from '../../../src/types/log-list.js'
import { logOf } from '../../support/logs.js'

const codeOf = (code: string) => expect.objectContaining({ code })

describe.each(['rfc6962', 'static-ct'] as const)('getEntry() of a %s log', (kind) => {
  it('gives the entry as the stream does, its chain, and what proves it', async () => {
    const log = await logOf(600, { kind })
    const { certificate, head, auditPath } = await getEntry(log.spec, 300)
    const [streamed] = await collect(
      ctStream({ logs: [log.spec], start: { index: 300 }, end: { index: 301 }, checkpoint: false }),
    )
    const { cursor: _, ...record } = certificate.toJSON()
    expect(streamed?.toJSON()).toMatchObject(record)
    expect(certificate.leafHash).toEqual(log.leafHash(300))
    expect(head).toMatchObject({ treeSize: 600, rootHash: new Uint8Array(log.root(600)) })
    expect(auditPath.length).toBeGreaterThan(5)
    await log.close()
    expect(await certificate.chain()).toHaveLength(2)
  })

  it('has a cursor, from which a stream of the log goes on behind it', async () => {
    const log = await logOf(20, { kind })
    const { certificate } = await getEntry(log.spec, 11)
    const stream = ctStream({ logs: [log.spec], resume: certificate.cursor, end: 'head', checkpoint: false })
    expect((await collect(stream)).map(({ index }) => index)).toEqual([12, 13, 14, 15, 16, 17, 18, 19])
  })

  it('rejects for an entry that is not there, and one that is not proven', async () => {
    const log = await logOf(20, { kind })
    await expect(getEntry(log.spec, 20)).rejects.toEqual(codeOf('CT_INCLUSION'))
    const other = await logOf(20, { kind })
    await expect(getEntry({ ...log.spec, key: other.key }, 3)).rejects.toEqual(codeOf('CT_HEAD_SIGNATURE'))
  })
})

describe('a log of a list that was fetched', () => {
  it.each([
    ['getEntry', (log: ListedLog) => getEntry(log, 0)],
    ['probeLog', (log: ListedLog) => probeLog(log)],
  ] as const)('is not asked at a private address by %s()', async (_name, ask) => {
    const log = await logOf(5)
    const listed = (addressFrom: ListedLog['addressFrom']) =>
      ({
        ...log.spec,
        addressFrom,
        state: 'usable',
        lists: ['https://lists.test-ca.org/all.json'],
      }) as unknown as ListedLog
    await ask(listed('given'))
    const before = log.requests.length
    await expect(ask(listed('fetched'))).rejects.toEqual(codeOf('CT_ADDRESS_REFUSED'))
    expect(log.requests).toHaveLength(before)
  })
})

describe('getEntry()', () => {
  it.each([-1, 1.5, Number.NaN, 2 ** 53, '3'])('refuses the index %s', async (index) => {
    const log = await logOf(5)
    await expect(getEntry(log.spec, index as number)).rejects.toEqual(codeOf('CT_OPTION_INVALID'))
  })

  it('refuses an invalid log and unknown options', async () => {
    const log = await logOf(5)
    await expect(getEntry(undefined as never, 1)).rejects.toEqual(codeOf('CT_OPTION_INVALID'))
    await expect(getEntry({ ...log.spec, kind: 'other' } as never, 1)).rejects.toEqual(codeOf('CT_OPTION_INVALID'))
    await expect(getEntry(log.spec, 1, { checkpoint: 'a.db' } as never)).rejects.toEqual(codeOf('CT_OPTION_INVALID'))
  })

  it('goes through the transport of the caller, and leaves it open', async () => {
    const log = await logOf(5)
    await using dispatcher = { agent: new Agent(), [Symbol.asyncDispose]: () => dispatcher.agent.close() }
    await getEntry(log.spec, 1, { dispatcher: dispatcher.agent })
    expect(dispatcher.agent.closed).toBe(false)
    const urls: string[] = []
    const fetch: typeof globalThis.fetch = (input, init) => {
      urls.push(String(input))
      return dispatcherFetch(input, init)
    }
    await getEntry(log.spec, 1, { fetch })
    expect(urls.length).toBeGreaterThan(2)
  })

  it('gives up when the signal aborts', async () => {
    const log = await logOf(5)
    log.fault({ on: 'get-sth', hang: true })
    const abort = new AbortController()
    const reason = new Error('enough')
    const entry = getEntry(log.spec, 1, { signal: abort.signal })
    setImmediate(() => abort.abort(reason))
    await expect(entry).rejects.toBe(reason)
  })
})

describe('probeLog()', () => {
  it('returns the newest head, and what is wrong with its time', async () => {
    const log = await logOf(5, { mmd: 3600 })
    const probe = await probeLog(log.spec)
    expect(probe).toMatchObject({ log: { id: log.logId, kind: 'rfc6962' }, head: { treeSize: 5 }, mmdMs: 3_600_000 })
    expect(probe.problem).toBeUndefined()
    const later = { now: () => Date.now() + 86_400_000, sleep: async () => {} }
    expect((await probeLog(log.spec, { clock: later })).problem?.code).toBe('CT_HEAD_STALE')
  })

  it('tries again, and rejects for a head that is not signed by the key', async () => {
    const log = await logOf(5)
    log.fault({ on: 'get-sth', times: 2, status: 503 })
    const clock = { now: Date.now, sleep: async () => {} }
    expect((await probeLog(log.spec, { clock })).head.treeSize).toBe(5)
    const other = await logOf(5)
    await expect(probeLog({ ...log.spec, key: other.key }, { clock })).rejects.toEqual(codeOf('CT_HEAD_SIGNATURE'))
  })
})

describe('decodeCertificate()', () => {
  const issuer = createTestCa({ name: { commonName: 'Own' } })
  const [pre, cert] = issueCertificates({ dnsNames: ['a.example'], issuer, kind: 'pair' }).map(({ der }) => der) as [
    Uint8Array,
    Uint8Array,
  ]
  const pemOf = async (der: Uint8Array) => (await decodeCertificate(der)).pem as string

  it('takes DER and PEM, text and bytes', async () => {
    const pem = await pemOf(cert)
    for (const given of [cert, Buffer.from(cert), pem, Buffer.from(pem), `text before\n${pem}`]) {
      const decoded = await decodeCertificate(given)
      expect(decoded).toMatchObject({ kind: 'certificate', dnsNames: ['a.example'], index: 0, problems: [] })
      expect(decoded.timestamp).toBeUndefined()
    }
    expect(await decodeCertificate(pre)).toMatchObject({ kind: 'precertificate', dnsNames: ['a.example'] })
  })

  it('keeps nothing of the memory it was given', async () => {
    const given = Uint8Array.from(cert)
    const decoded = await decodeCertificate(given)
    given.fill(0)
    expect(decoded.dnsNames).toEqual(['a.example'])
  })

  it.each(['certificate', 'precertificate'])('takes the issuers of a %s from the caller, or from PEM', async (kind) => {
    const der = kind === 'certificate' ? cert : pre
    const given = await decodeCertificate(der, { chain: [issuer.certificate] })
    const pem = await decodeCertificate((await pemOf(der)) + (await pemOf(issuer.certificate)))
    for (const decoded of [given, pem]) {
      expect(await decoded.chain()).toEqual([issuer.certificate])
      expect(decoded.problems).toEqual([])
    }
    const other = await decodeCertificate(der, { chain: [createTestCa().certificate] })
    await other.chain()
    expect(other.problems.map(({ code }) => code)).toEqual(kind === 'certificate' ? ['chain-mismatch'] : [])
  })

  it('calls bytes that are no certificate unparsable', async () => {
    for (const bytes of [new Uint8Array(0), Uint8Array.of(0x30, 0x80), Buffer.from('hello')])
      expect(await decodeCertificate(bytes)).toMatchObject({ kind: 'unparsable' })
  })

  it.each([
    ['text without PEM', 'hello', 'CT_DER_MALFORMED'],
    ['PEM with wrong base64', '-----BEGIN CERTIFICATE-----\n=\n-----END CERTIFICATE-----', 'CT_DER_MALFORMED'],
    ['nothing', undefined, 'CT_OPTION_INVALID'],
    ['more than a log can hold', new Uint8Array(2 ** 24), 'CT_OPTION_INVALID'],
  ])('refuses %s', async (_, given, code) => {
    await expect(decodeCertificate(given as string)).rejects.toEqual(codeOf(code))
  })

  it('refuses an invalid chain', async () => {
    await expect(decodeCertificate(cert, { chain: ['x'] as never })).rejects.toEqual(codeOf('CT_OPTION_INVALID'))
  })
})

// A fetch of the same undici: the global one is shut off in tests.
const dispatcherFetch: typeof globalThis.fetch = async (input, init) => {
  const { request } = await import('undici')
  const { statusCode, headers, body } = await request(String(input), {
    headers: init?.headers as Record<string, string>,
    dispatcher: new Agent(),
  })
  return new Response(await body.arrayBuffer(), { status: statusCode, headers: headers as Record<string, string> })
}

async function collect(stream: AsyncIterable<CtCertificate>): Promise<CtCertificate[]> {
  const read = []
  for await (const cert of stream) read.push(cert)
  return read
}
