import { createRequire } from 'node:module'
import type { Certificate } from '@peculiar/asn1-x509'
import { CtStreamError } from '../errors.js'
import { checkNesting } from './nesting.js'

/**
 * The full ASN.1 structure of a certificate, by `@peculiar/asn1-x509`.
 *
 * The package is loaded on first use, because it takes long to load and most streams never need it. It has one entry point in Node, for `require` and `import` alike, so this is the copy an application that imports it gets, and `instanceof` holds.
 *
 * @throws {@link CtStreamError} `CT_DER_MALFORMED` when it refuses the bytes: it is stricter than the rest of this library.
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
