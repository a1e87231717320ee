import { readdirSync, readFileSync } from 'node:fs'
import { decodeSingle } from '../../../src/decode/single-certificate.js'
import { CtStreamError } from '../../../src/errors.js'
import { inspectCertificate } from '../../../src/intelligence/inspect.js'
import type { RuleId } from '../../../src/intelligence/rule.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { realData } from '../../real-data.js'

/** The certificate of a file with one PEM block, whatever is around it. */
export function certificateIn(path: string): CtCertificate {
  const [, body = ''] = /-----BEGIN CERTIFICATE-----([^-]*)-----END/.exec(readFileSync(path, 'latin1')) ?? []
  return decodeSingle(new Uint8Array(Buffer.from(body, 'base64')), {})
}

/** Ids of the rules that it breaks. */
export function rulesOf(certificate: CtCertificate, options: { readonly weakKeys?: boolean } = {}): RuleId[] {
  return inspectCertificate(certificate, options).breaches.map(({ rule }) => rule)
}

/** Every certificate of the linters' test data that is one. */
export function allLinted(): CtCertificate[] {
  return ['zmap+zlint', 'digicert+pkilint'].flatMap((folder) =>
    readdirSync(realData(folder), { recursive: true, encoding: 'utf8' })
      .filter((file) => file.endsWith('.pem'))
      .flatMap((file) => {
        try {
          return [certificateIn(realData(folder, file))]
        } catch (error) {
          if (CtStreamError.is(error)) return []
          throw error
        }
      }),
  )
}
