import { CertificateMaker, decodeFrame } from '../../../src/certstream/server-message.js'
import type { CtCertificate } from '../../../src/types/certificate.js'

export const url = 'wss://certstream.example/'

/** The certificate in a frame that holds one. */
export function certificateOf(frame: string): CtCertificate {
  const [message] = decodeFrame(frame, url)
  if (message?.kind !== 'certificate') throw new Error(`no certificate but ${message?.kind}`)
  return new CertificateMaker().certificate(message)
}
