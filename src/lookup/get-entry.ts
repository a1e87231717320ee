import { decodeEntry } from '../decode/index.js'
import type { LogClient } from '../logs/client.js'
import { cursorKey, encodeCursor } from '../stream/cursor.js'
import type { CtCertificate } from '../types/certificate.js'
import type { LogSpec } from '../types/log.js'
import type { ListedLog } from '../types/log-list.js'
import type { LookupOptions, ProvenCertificate } from '../types/lookup.js'
import { optionError } from '../util/options.js'
import { type Lookup, lookUp, patiently } from './lookup.js'
import { type ProvenEntry, provenEntry, rangeAfter } from './proven-entry.js'

export async function lookUpEntry(
  log: LogSpec | ListedLog,
  index: number,
  options: LookupOptions | undefined,
): Promise<ProvenCertificate> {
  if (!Number.isSafeInteger(index) || index < 0) throw optionError('index', 'an integer from 0 to 2^53 - 1', index)
  return lookUp(log, options, async (client, lookup) => {
    const proven = await provenEntry(client, index, lookup)
    const certificate = certificateOf(proven, client, lookup)
    // While there are connections; the entry is proven without it.
    await certificate.chain().catch(() => {})
    lookup.signal.throwIfAborted()
    return { certificate, head: proven.head, auditPath: proven.auditPath }
  })
}

/** The certificate of a proven entry; its chain is fetched when it is asked for. */
export function certificateOf(proven: ProvenEntry, client: LogClient, lookup: Lookup): CtCertificate {
  const { log } = client
  const { index } = proven.entry
  return decodeEntry(proven.entry, {
    log,
    historical: true,
    verified: true,
    cursor: () =>
      encodeCursor([{ key: cursorKey(log.id), next: index + 1, before: rangeAfter(proven), finished: false }]),
    issuer: (fingerprint) => patiently(lookup, () => client.issuer(fingerprint, { signal: lookup.signal })),
  })
}
