import { decodeEntry } from '../decode/index.js'
import { CtStreamError } from '../errors.js'
import type { CtCertificate } from '../types/certificate.js'
import type { EntryBatch, EntryExtra, RawEntry } from '../types/entries.js'
import type { LogInfo } from '../types/log.js'
import { encodeMerkleLeaf, type LeafEntry } from '../wire/merkle-leaf.js'
import { outlineCertificate } from '../x509/certificate-frame.js'
import { tbsWithout } from '../x509/issuance-tbs.js'
import { Octets } from '../x509/oids.js'
import { hasExtension } from '../x509/precertificate.js'

/**
 * Entries of a log nobody named, in order.
 *
 * @param source - Stands where the log's description would.
 */
export function* decodeEntries(batch: EntryBatch, source: string): Generator<CtCertificate, void> {
  const context = contextOf(source)
  for (let i = 0; i < batch.length; i++) yield decodeEntry(batch.entry(i), context)
}

/**
 * A certificate or precertificate that comes by itself: decoded as the entry a log would make of it, without what only a
 * log can say (`timestamp`, `leafHash`, `issuerKeyHash`, `cursor`).
 *
 * @param index - Position in the source.
 */
export function decodeCertificate(der: Uint8Array, index: number, source: string): CtCertificate {
  const { entry, preCertificate } = entryOf(der)
  const leafInput = encodeMerkleLeaf({ timestamp: 0, entry, extensions: new Uint8Array() })
  const raw: RawEntry = { index, leafInput, extra: extraOf(preCertificate) }
  return Object.create(decodeEntry(raw, contextOf(source)), {
    timestamp: { value: undefined },
    leafHash: { value: new Uint8Array() },
    issuerKeyHash: { value: undefined },
  }) as CtCertificate
}

function entryOf(der: Uint8Array): { readonly entry: LeafEntry; readonly preCertificate: Uint8Array | undefined } {
  const tbsCertificate = tbsOfPreCertificate(der)
  if (tbsCertificate === undefined) return { entry: { kind: 'x509', certificate: der }, preCertificate: undefined }
  return { entry: { kind: 'precert', issuerKeyHash: new Uint8Array(32), tbsCertificate }, preCertificate: der }
}

/** What a log hashes of a precertificate; `undefined` when it is none: no poison, or nothing that can be read. */
function tbsOfPreCertificate(der: Uint8Array): Uint8Array | undefined {
  try {
    const { outline } = outlineCertificate(der)
    return hasExtension(outline, Octets.precertPoison) ? tbsWithout(outline, [Octets.precertPoison]) : undefined
  } catch (error) {
    if (!CtStreamError.is(error)) throw error
    return undefined
  }
}

function extraOf(preCertificate: Uint8Array | undefined): EntryExtra {
  return { preCertificate: () => preCertificate, chain: () => ({ kind: 'certificates', certificates: [] }) }
}

function contextOf(source: string) {
  const log: LogInfo = { id: '', description: source, operator: '', kind: 'rfc6962', url: '' }
  return { log, historical: true, cursor: () => '', issuer: unknownIssuer }
}

/** Never asked for: only entries of static-ct logs name their issuers by fingerprint. */
async function unknownIssuer(): Promise<never> {
  throw new CtStreamError('CT_OPTION_INVALID', 'the issuers of an entry without its log are not known')
}
