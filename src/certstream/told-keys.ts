import type { EntryKeys, SeenEntries } from '../filter/dedupe.js'
import type { CtCertificate } from '../types/certificate.js'
import { sha256 } from '../util/hash.js'

/**
 * What stands for a certificate among those that were delivered: where its bytes are, what stands for the entry of a log; else the
 * fingerprint that the server tells; `undefined` where it tells none.
 */
export function toldKeys(certificate: CtCertificate, seen: SeenEntries): EntryKeys | undefined {
  const { kind, leafInput, der, sha256: fingerprint = certificate.sha1 } = certificate
  if (leafInput.length > 0)
    return seen.keys(leafInput, () => ({
      preCertificate: () => (kind === 'precertificate' ? der : undefined),
      chain: () => ({ kind: 'certificates', certificates: [] }),
    }))
  if (fingerprint === undefined) return undefined
  const own = sha256(Buffer.from(fingerprint, 'latin1'))
  return { kind: kind === 'precertificate' ? 'precert' : 'x509', own, issuance: undefined }
}
