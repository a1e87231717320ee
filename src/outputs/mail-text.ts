import type { Finding } from '../types/finding.js'
import { cutText, harmless } from '../util/harmless.js'
import { defang, findingLine } from './chat-text.js'

const MAX_SUBJECT = 150
/** Most names and reasons shown of one finding. */
const MAX_LISTED = 20
const MAX_LINE = 500

/** The subject of a mail, which names the finding with the highest score. */
export function mailSubject(findings: readonly Finding[]): string {
  const [worst] = [...findings].sort((a, b) => b.score - a.score)
  if (worst === undefined) return '[ct-stream]'
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : ''
  const text = plain(`[ct-stream] ${worst.severity.toUpperCase()} ${worst.kind}: ${worst.subject}`)
  return cutText(text, MAX_SUBJECT - more.length) + more
}

/** Plain text for people, in which names are no links and strangers' line breaks are escaped. */
export function mailText(findings: readonly Finding[]): string {
  return `${findings.map(paragraph).join('\n\n')}\n`
}

function paragraph(finding: Finding): string {
  const { certificate: c, reasons, id } = finding
  const validity = c.notBefore === undefined ? '' : `${c.notBefore} to ${c.notAfter}`
  return [
    findingLine(finding),
    ...listed(reasons.map(({ text, name }) => (name === undefined ? text : `${text} (${name})`))).map(
      (r) => `  why: ${r}`,
    ),
    ...listed(c.dnsNames).map((name) => `  name: ${name}`),
    `  issuer: ${cutText(plain(c.issuer.text), MAX_LINE)}`,
    `  valid: ${plain(validity)}`,
    `  log: ${plain(c.log.description ?? c.log.url)}, entry ${c.index}`,
    `  sha256: ${c.sha256 ?? ''}`,
    `  finding: ${id}`,
  ].join('\n')
}

function listed(texts: readonly string[]): string[] {
  const shown = texts.slice(0, MAX_LISTED).map((text) => cutText(plain(text), MAX_LINE))
  return texts.length > MAX_LISTED ? [...shown, `and ${texts.length - MAX_LISTED} more`] : shown
}

const plain = (text: string): string => defang(harmless(text))
