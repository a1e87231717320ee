import { decodeEntry } from '../../../src/decode/decode-entry.js'
import type { EntryContext } from '../../../src/decode/entry-context.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import type { EntryChain, EntryExtra, RawEntry } from '../../../src/types/entries.js'
import { encodeMerkleLeaf, type LeafEntry } from '../../../src/wire/merkle-leaf.js'
import { rfcLog } from './real-entries.js'

export const TIMESTAMP = Date.UTC(2025, 5, 1)

export const context: EntryContext = {
  log: rfcLog,
  historical: false,
  cursor: (index) => `after ${index}`,
  issuer: async () => {
    throw new Error('no issuer is asked for here')
  },
}

/** Extra data that is there, or is not. */
export function extraOf(preCertificate: Uint8Array | undefined, ...certificates: Uint8Array[]): EntryExtra {
  const chain: EntryChain = { kind: 'certificates', certificates }
  return { preCertificate: () => preCertificate, chain: () => chain }
}

export function rawOf(entry: LeafEntry, extra: EntryExtra = extraOf(undefined)): RawEntry {
  return {
    index: 7,
    leafInput: encodeMerkleLeaf({ timestamp: TIMESTAMP, entry, extensions: new Uint8Array(0) }),
    extra,
  }
}

/** The entry of a final certificate. */
export function certificateEntry(certificate: Uint8Array, extra?: EntryExtra): CtCertificate {
  return decodeEntry(rawOf({ kind: 'x509', certificate }, extra), context)
}

/** The entry of a precertificate. */
export function precertEntry(
  tbsCertificate: Uint8Array,
  preCertificate: Uint8Array | undefined,
  issuerKeyHash: Uint8Array = new Uint8Array(32),
  ...chain: Uint8Array[]
): CtCertificate {
  return decodeEntry(
    rawOf({ kind: 'precert', issuerKeyHash, tbsCertificate }, extraOf(preCertificate, ...chain)),
    context,
  )
}

/** `field code` of every problem. */
export const problemsOf = (certificate: CtCertificate): string[] =>
  certificate.problems.map(({ field, code }) => `${field} ${code}`)
