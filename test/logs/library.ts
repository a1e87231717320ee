import { createHash } from 'node:crypto'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { isDeepStrictEqual } from 'node:util'
import type { CtCertificate, CtStreamOptions, LogSpec } from '../../src/index.js'
import type { TruthEntry } from './servers/truth.js'

export const root = join(import.meta.dirname, '..', '..')
export const CLI = join(root, 'dist', 'cli.js')

/** The built package, as users get it. */
export const library: typeof import('../../src/index.js') = await import(
  pathToFileURL(join(root, 'dist', 'index.js')).href
)

/** A log's anonymous clients share a limit; the tests say who they are. */
export const CONTACT = 'tests@ct-stream.invalid'

/** Options that every reader here has: one log, nothing kept, and no waiting for a tile to fill. */
export const reading = (log: LogSpec, options: CtStreamOptions = {}): CtStreamOptions => ({
  logs: [log],
  checkpoint: false,
  contact: CONTACT,
  pollIntervalMs: 200,
  partialTileDelayMs: 0,
  ...options,
})

export interface Found {
  readonly certificates: CtCertificate[]
  /** Root of each head that was verified, hexadecimal, by tree size. */
  readonly roots: Record<number, string>
  readonly verifiedSize: number | undefined
}

/** Reads to the end, or until `limit` certificates are there. */
export async function read(options: CtStreamOptions, limit = Number.POSITIVE_INFINITY): Promise<Found> {
  const stream = library.ctStream(options)
  const roots: Record<number, string> = {}
  stream.on('head', ({ head }) => {
    roots[head.treeSize] = hex(head.rootHash)
  })
  const certificates: CtCertificate[] = []
  let verifiedSize: number | undefined
  for await (const certificate of stream) {
    // Issuers of a static-ct log can be fetched only while the stream is open; the certificate keeps them.
    await certificate.chain()
    certificates.push(certificate)
    verifiedSize = stream.status().logs[0]?.verifiedSize
    if (certificates.length >= limit) break
  }
  return { certificates, roots, verifiedSize }
}

/** Where what was read differs from the truth: nothing, where all is well. Checks every field, and that nothing is missing or double. */
export async function differences(
  certificates: readonly CtCertificate[],
  truth: readonly TruthEntry[],
  log: LogSpec,
): Promise<object[]> {
  const found: object[] = []
  const indexes = certificates.map(({ index }) => index)
  const expected = truth.map(({ index }) => index)
  if (!isDeepStrictEqual(indexes, expected)) found.push({ indexes: outline(indexes), expected: outline(expected) })
  for (const [i, certificate] of certificates.entries()) {
    const entry = truth[i]
    if (entry === undefined) break
    const got = await fieldsOf(certificate)
    const want = fieldsOfTruth(entry, log)
    for (const [field, value] of Object.entries(want)) {
      const actual = got[field as keyof typeof got]
      if (!isDeepStrictEqual(actual, value))
        found.push({ index: entry.index, shape: entry.shape, field, actual, value })
    }
  }
  return found.slice(0, 20)
}

/** Everything that the truth knows, read from the certificate. */
async function fieldsOf(certificate: CtCertificate) {
  const { subject, issuer, publicKey, issuerKeyHash } = certificate
  return {
    kind: certificate.kind,
    timestamp: certificate.timestamp?.getTime(),
    leafInput: base64(certificate.leafInput),
    leafHash: hex(certificate.leafHash),
    der: certificate.der && base64(certificate.der),
    tbs: certificate.tbs && base64(certificate.tbs),
    sha256: certificate.sha256,
    issuerKeyHash: issuerKeyHash === undefined ? '' : hex(issuerKeyHash),
    serialNumber: certificate.serialNumber,
    subject: [subject.commonName, subject.organization, subject.country],
    issuer: [issuer.commonName, issuer.organization],
    notBefore: certificate.notBefore?.toISOString(),
    notAfter: certificate.notAfter?.toISOString(),
    dnsNames: certificate.dnsNames,
    ipAddresses: certificate.ipAddresses,
    emailAddresses: certificate.emailAddresses,
    uris: certificate.uris,
    publicKey: [publicKey?.algorithm, publicKey?.bits, publicKey?.spkiSha256],
    keyUsage: certificate.keyUsage,
    extendedKeyUsage: certificate.extendedKeyUsage?.map(({ name }) => name),
    isCa: certificate.isCa,
    scts: certificate.scts.map(({ logId, timestamp }) => [logId, timestamp.getTime()]),
    chain: (await certificate.chain()).map(sha256),
    log: [certificate.log.id, certificate.log.kind],
  }
}

function fieldsOfTruth(entry: TruthEntry, log: LogSpec): Awaited<ReturnType<typeof fieldsOf>> {
  const leaf = Buffer.from(entry.leafInput, 'base64')
  const id = createHash('sha256').update(Buffer.from(log.key, 'base64')).digest('base64')
  return {
    kind: entry.kind,
    timestamp: entry.timestamp,
    leafInput: entry.leafInput,
    leafHash: sha256(Buffer.concat([Buffer.of(0), leaf])),
    der: entry.der,
    tbs: entry.tbs,
    sha256: entry.sha256,
    issuerKeyHash: entry.issuerKeyHash,
    serialNumber: entry.serial,
    subject: [entry.commonName, 'Subject, Inc.', 'XX'],
    issuer: [entry.issuer, 'Test Trust'],
    notBefore: entry.notBefore,
    notAfter: entry.notAfter,
    dnsNames: [...entry.dnsNames],
    ipAddresses: [...entry.ipAddresses],
    emailAddresses: [...entry.emailAddresses],
    uris: [...entry.uris],
    publicKey: [entry.algorithm, entry.bits, entry.spkiSha256],
    keyUsage: ['digitalSignature'],
    extendedKeyUsage: ['serverAuth', 'clientAuth'],
    isCa: false,
    scts: entry.sctTimes.map((time) => [id, time]),
    chain: [...entry.chain],
    log: [id, log.kind],
  }
}

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex')
const base64 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64')
const sha256 = (bytes: Uint8Array): string => createHash('sha256').update(bytes).digest('hex')

/** `0-99, 120-130`, to be read in a failure. */
function outline(indexes: readonly number[]): string {
  const runs: [number, number][] = []
  for (const index of indexes) {
    const last = runs.at(-1)
    if (last !== undefined && last[1] + 1 === index) last[1] = index
    else runs.push([index, index])
  }
  return `${runs
    .slice(0, 10)
    .map((run) => run.join('-'))
    .join(', ')} (${indexes.length} in ${runs.length} runs)`
}
