import { createRequire } from 'node:module'
import type { Certificate } from '@peculiar/asn1-x509'
import { CtStreamError } from '../errors.js'
import { checkNesting } from './nesting.js'

/**
 * The full ASN.1 structure of a certificate, by `@peculiar/asn1-x509`.
 *
 * The package is loaded on first use, because loading takes long and most streams never need it. In Node it has one entry point for
 * `require` and `import`, so applications that import it get the same copy, and `instanceof` works.
 *
 * @throws {@link CtStreamError} `CT_DER_MALFORMED` when the package refuses the bytes: it is stricter than the rest of this library.
 */
export function parseFull(der: Uint8Array): Certificate {
  checkNesting(der)
  const require = createRequire(import.meta.url)
  const schema: typeof import('@peculiar/asn1-schema') = require('@peculiar/asn1-schema')
  const x509: typeof import('@peculiar/asn1-x509') = require('@peculiar/asn1-x509')
  try {
    return schema.AsnConvert.parse(der, x509.Certificate)
  } catch (cause) {
    throw new CtStreamError('CT_DER_MALFORMED', 'certificate: @peculiar/asn1-x509 refuses it', { cause })
  }
}
