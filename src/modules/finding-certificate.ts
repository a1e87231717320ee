import type { CtCertificate } from '../types/certificate.js'
import type { Finding } from '../types/finding.js'

/** Weak, so that a certificate is released together with its finding. */
const certificates = new WeakMap<Finding, CtCertificate>()

export function rememberCertificate(finding: Finding, certificate: CtCertificate): void {
  certificates.set(finding, certificate)
}

/** The certificate that a finding of this process is about: its own JSON form has no bytes. */
export function certificateOfFinding(finding: Finding): CtCertificate | undefined {
  return certificates.get(finding)
}
