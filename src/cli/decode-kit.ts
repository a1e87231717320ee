import { contextOfSource, decodeEntry, decodeSingle } from '../decode/index.js'
import type { CtCertificate } from '../types/certificate.js'
import type { EntryBatch } from '../types/entries.js'

/**
 * Entries of a log nobody named, in order.
 *
 * @param source - Stands where the log's description would.
 */
export function* decodeEntries(batch: EntryBatch, source: string): Generator<CtCertificate, void> {
  const context = contextOfSource(source)
  for (let i = 0; i < batch.length; i++) yield decodeEntry(batch.entry(i), context)
}

/**
 * A certificate or precertificate that comes by itself.
 *
 * @param index - Position in the source.
 */
export function decodeCertificate(der: Uint8Array, index: number, source: string): CtCertificate {
  return decodeSingle(der, { index, source })
}
