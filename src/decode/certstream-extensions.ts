import type { KeyUsageName } from '../types/certificate-fields.js'
import type { CertStreamExtensions } from '../types/certstream.js'
import type { GeneralName } from '../types/name.js'
import { bufferOf } from '../util/bytes.js'
import { ExtensionOid } from '../x509/oids.js'
import { colonHex } from './colon-hex.js'
import type { EntryFields } from './entry-fields.js'

const keyUsageWords: Readonly<Record<KeyUsageName, string>> = {
  digitalSignature: 'Digital Signature',
  contentCommitment: 'Content Commitment',
  keyEncipherment: 'Key Encipherment',
  dataEncipherment: 'Data Encipherment',
  keyAgreement: 'Key Agreement',
  keyCertSign: 'Certificate Signing',
  cRLSign: 'CRL Signing',
  encipherOnly: 'Encipher Only',
  decipherOnly: 'Decipher Only',
}

const altNameWords: Readonly<Partial<Record<GeneralName['kind'], string>>> = {
  dNSName: 'DNS',
  rfc822Name: 'email',
  iPAddress: 'IP Address',
  uniformResourceIdentifier: 'URI',
}

/** The extensions that CertStream servers show as text; absent ones are left out. */
export function certStreamExtensions(fields: EntryFields, isPrecertificate: boolean): CertStreamExtensions {
  const { accessLocations, authorityKeyId, basicConstraints, policies, crlUrls, extendedKeyUsage, keyUsage } = fields
  const { altNames, subjectKeyId } = fields
  const extensions: CertStreamExtensions = {}
  if (accessLocations.length > 0)
    extensions.authorityInfoAccess = accessLocations.map(({ uri }) => `URI:${uri}`).join(', ')
  if (authorityKeyId !== undefined) extensions.authorityKeyIdentifier = `keyid:${colonHex(authorityKeyId)}`
  if (basicConstraints !== undefined) extensions.basicConstraints = basicConstraints.ca ? 'CA:TRUE' : 'CA:FALSE'
  if (policies.length > 0) extensions.certificatePolicies = policies.map(({ oid }) => `Policy: ${oid}\n`).join('')
  if (crlUrls.length > 0) extensions.crlDistributionPoints = crlUrls.map((url) => `Full Name:\n URI:${url}`).join('\n')
  const sctList = fields.extensions.find(({ oid }) => oid === ExtensionOid.sctList)
  if (sctList !== undefined) extensions.ctlSignedCertificateTimestamp = bufferOf(sctList.value).toString('base64url')
  if (extendedKeyUsage !== undefined)
    extensions.extendedKeyUsage = extendedKeyUsage.map(({ oid, name }) => name ?? oid).join(', ')
  if (keyUsage !== undefined) extensions.keyUsage = keyUsage.map((name) => keyUsageWords[name]).join(', ')
  if (altNames.length > 0)
    extensions.subjectAltName = altNames
      .map(({ kind, value }) => ({ word: altNameWords[kind], value }))
      .filter(({ word }) => word !== undefined)
      .map(({ word, value }) => `${word}:${value}`)
      .join(', ')
  if (subjectKeyId !== undefined) extensions.subjectKeyIdentifier = `keyid:${colonHex(subjectKeyId)}`
  if (isPrecertificate) extensions.ctlPoisonByte = true
  return extensions
}
