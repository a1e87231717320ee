// Prints every certificate issued from now on for the domains given as arguments, or below them.
import { type CtStreamOptions, ctStream } from 'ct-stream'

export async function watchDomains(domains: readonly string[], options: CtStreamOptions = {}): Promise<void> {
  const watched = domains.map((domain) => domain.toLowerCase())
  for await (const cert of ctStream(options)) {
    const hits = cert.dnsNames.filter((name) =>
      watched.some((domain) => name === domain || name.endsWith(`.${domain}`)),
    )
    if (hits.length === 0) continue
    console.log(cert.kind, hits.join(' '), 'issued by', cert.issuer?.organization, 'seen in', cert.log.description)
  }
}

if (import.meta.filename === process.argv[1]) {
  const domains = process.argv.slice(2)
  await watchDomains(domains.length > 0 ? domains : ['example.com'], { contact: 'https://example.com/contact' })
}
