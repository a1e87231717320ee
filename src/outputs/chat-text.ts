import type { Finding } from '../types/finding.js'
import { cutText, harmless } from '../util/harmless.js'

/**
 * Prevents names in a text from becoming links: `evil[.]example`. An alert about a phishing page must not lead to it, and chat programs
 * turn everything that looks like a host into a link.
 */
export function defang(text: string): string {
  return text.replace(/(?<=[\p{L}\p{N}*_-])\.(?=[\p{L}\p{N}_-])/gu, '[.]').replace(/:\/\//g, '[:]//')
}

/** One finding on one line, for people: in harmless characters, without links. */
export function findingLine({ severity, score, kind, subject, reasons, certificate, id }: Finding): string {
  const why = reasons
    .slice(0, 5)
    .map(({ text }) => text)
    .join('; ')
  const issuer = certificate.issuer.organization ?? certificate.issuer.commonName ?? 'unknown issuer'
  const names = certificate.dnsNames.slice(0, 3).join(', ')
  const more = certificate.dnsNames.length > 3 ? ` and ${certificate.dnsNames.length - 3} more` : ''
  const line = `${severity.toUpperCase()} ${score} ${kind}: ${subject} — ${why} (${names}${more}; ${issuer}) ${id.slice(0, 8)}`
  return defang(harmless(line))
}

/** Escaped text of at most `max` characters, cut between escapes. */
export function fitted(text: string, max: number, escaping: (text: string) => string): string {
  for (let length = max; ; length = Math.floor(length * 0.8)) {
    const escaped = escaping(cutText(text, length))
    if (escaped.length <= max) return escaped
  }
}

/** Escapes the three characters that Slack treats as control characters. @see https://docs.slack.dev/messaging/formatting-message-text#escaping */
export function escapeSlack(text: string): string {
  const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;' }
  return text.replace(/[&<>]/g, (character) => entities[character] as string).replace(/[`*_~]/g, '\u200b$&')
}

/** Escapes the characters of Markdown, as Discord and Teams read it. */
export function escapeMarkdown(text: string): string {
  return text.replace(/[\\`*_{}[\]()<>#+!|~@-]/g, '\\$&')
}
