// Prints every certificate issued from now on for the domains given as arguments, or below them.
import { type CtStreamOptions, ctStream } from 'ct-stream'

export async function watchDomains(domains: readonly string[], options: CtStreamOptions = {}): Promise<void> {
  // `dedupe`: a precertificate and its certificate, from whatever logs, are one line.
  for await (const cert of ctStream({ ...options, filter: { domains }, dedupe: 'issuance' }))
    console.log(
      cert.kind,
      cert.dnsNames.join(' '),
      'issued by',
      cert.issuer.organization,
      'seen in',
      cert.log.description,
    )
}

if (import.meta.filename === process.argv[1]) {
  const domains = process.argv.slice(2)
  await watchDomains(domains.length > 0 ? domains : ['example.com'], { contact: 'https://example.com/contact' })
}
