import { fromBase64, toBase64 } from './bytes.js'

/** PEM of a certificate (RFC 7468 section 5): lines of 64 characters, a newline at the end. */
export function certificatePem(der: Uint8Array): string {
  const lines = toBase64(der).match(/.{1,64}/g) ?? []
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`
}

/** DER of the certificates in PEM text, in order; `undefined` for one whose base64 is wrong, or that has no end. Other blocks are skipped. */
export function certificatesOfPem(text: string): (Uint8Array | undefined)[] {
  const blocks = text.matchAll(/-----BEGIN (?:X509 |TRUSTED )?CERTIFICATE-----([^-]*)(-----END )?/g)
  return [...blocks].map(([, body = '', end]) => (end === undefined ? undefined : fromBase64(body.replace(/\s+/g, ''))))
}
