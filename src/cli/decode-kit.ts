import { contextOfSource, decodeEntry, decodeSingle } from '../decode/index.js'
import type { CtCertificate } from '../types/certificate.js'
import type { EntryBatch } from '../types/entries.js'

/**
 * Entries of an unknown log, in order.
 *
 * @param source - Name of the source, in place of the log's description.
 */
export function* decodeEntries(batch: EntryBatch, source: string): Generator<CtCertificate, void> {
  const context = contextOfSource(source)
  for (let i = 0; i < batch.length; i++) yield decodeEntry(batch.entry(i), context)
}

/**
 * A certificate or precertificate without a log.
 *
 * @param index - Position in the source.
 */
export function decodeCertificate(der: Uint8Array, index: number, source: string): CtCertificate {
  return decodeSingle(der, { index, source })
}
