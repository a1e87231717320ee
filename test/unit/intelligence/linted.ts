import { readFileSync } from 'node:fs'
import { decodeSingle } from '../../../src/decode/single-certificate.js'
import { inspectCertificate } from '../../../src/intelligence/inspect.js'
import type { RuleId } from '../../../src/intelligence/rule.js'
import type { CtCertificate } from '../../../src/types/certificate.js'

/** The certificate of a file with one PEM block, whatever is around it. */
export function certificateIn(path: string): CtCertificate {
  const [, body = ''] = /-----BEGIN CERTIFICATE-----([^-]*)-----END/.exec(readFileSync(path, 'latin1')) ?? []
  return decodeSingle(new Uint8Array(Buffer.from(body, 'base64')), {})
}

/** Ids of the rules that it breaks. */
export function rulesOf(certificate: CtCertificate, options: { readonly weakKeys?: boolean } = {}): RuleId[] {
  return inspectCertificate(certificate, options).breaches.map(({ rule }) => rule)
}
