import { decodeEntry } from '../../src/decode/decode-entry.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import { Rfc6962Extra } from '../../src/wire/extra-data.js'
import { logNamed } from './module-certificates.js'
import { realEntries } from './real-entries.js'

const context = {
  log: logNamed('real'),
  historical: true,
  cursor: () => '',
  issuer: () => Promise.reject(new Error('none')),
}

/** Every distinct real entry, decoded. */
export function realCertificates(): CtCertificate[] {
  return realEntries().map(({ leafInput, extraData }, index) => {
    const kind = leafInput[11] === 1 ? 'precert' : 'x509'
    return decodeEntry(
      { index, leafInput, extra: new Rfc6962Extra(Buffer.from(extraData).toString('base64'), kind) },
      context,
    )
  })
}
