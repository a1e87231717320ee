import type { CtCertificate } from '../../types/certificate.js'
import type { Work } from '../module-queue.js'

/** The certificates that some work is about; one several times where several findings are about it. */
export function certificatesOf(work: Work): readonly CtCertificate[] {
  if (work.kind === 'certificate') return [work.certificate]
  return work.kind === 'batch' ? work.from.page.certificates : work.items.map(({ certificate }) => certificate)
}

/** What some work is, for messages. */
export function describe(work: Work): string {
  if (work.kind === 'certificate') return `entry ${work.certificate.index} of ${work.certificate.log.url}`
  if (work.kind === 'findings') return work.items.length === 1 ? 'a finding' : `${work.items.length} findings`
  const [first] = work.from.page.certificates
  return `${work.from.page.certificates.length} certificates from entry ${first?.index} of ${first?.log.url}`
}
