import { readFileSync } from 'node:fs'
import { sha256Hex } from '../../../src/util/hash.js'
import { realData, realText } from '../../real-data.js'

export interface RealCertificate {
  /** File, and its place in it when there are several. */
  readonly name: string
  readonly der: Uint8Array
}

const pem = /-----BEGIN (?:TRUSTED |X509 )?CERTIFICATE-----([A-Za-z0-9+/=\s]+?)-----END/g

/** Every distinct certificate of the certificate, root and issuer files of the real data. */
export function realCertificates(): RealCertificate[] {
  const found = new Map<string, RealCertificate>()
  for (const line of realText('MANIFEST-files.tsv').trim().split('\n').slice(1)) {
    const [file = '', , , , kind = ''] = line.split('\t')
    if (!/^(certs-|issuer|roots|sct)/.test(kind)) continue
    for (const [i, der] of certificatesIn(readFileSync(realData(...file.split('/')))).entries()) {
      const key = sha256Hex(der)
      const name = file.split('/').slice(-2).join('/') + (i === 0 ? '' : `#${i}`)
      if (!found.has(key)) found.set(key, { name, der })
    }
  }
  return [...found.values()]
}

function certificatesIn(bytes: Buffer): Uint8Array[] {
  if (bytes[0] === 0x30 && (bytes[1] ?? 0) >= 0x80) return [new Uint8Array(bytes)]
  const text = bytes.toString('latin1')
  const blocks = [...text.matchAll(pem)].map(([, body = '']) => new Uint8Array(Buffer.from(body, 'base64')))
  if (blocks.length > 0) return blocks
  if (!text.startsWith('{')) return []
  const json = JSON.parse(text) as { certificates?: unknown }
  const list = Array.isArray(json.certificates) ? json.certificates : []
  return list
    .filter((item): item is string => typeof item === 'string')
    .map((item) => new Uint8Array(Buffer.from(item, 'base64')))
}
