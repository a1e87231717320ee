import type { Finding } from '../types/finding.js'
import { harmlessJson } from '../util/harmless.js'
import { escapeMarkdown, escapeSlack, findingLine, fitted } from './chat-text.js'

/** The format a receiver expects: our own JSON, or a message of a chat program. */
export type WebhookShape = 'json' | 'slack' | 'teams' | 'discord'

/** Most findings in one request. Chat programs cut or refuse long messages (Discord: 2,000 characters, Slack: 40,000). */
export const MOST_FINDINGS: Readonly<Record<WebhookShape, number>> = { json: 1000, slack: 20, teams: 20, discord: 5 }

/** The body for at most {@link MOST_FINDINGS} findings. */
export function webhookBody(shape: WebhookShape, findings: readonly Finding[]): string {
  return harmlessJson(bodies[shape](findings))
}

const bodies: Readonly<Record<WebhookShape, (findings: readonly Finding[]) => unknown>> = {
  json: (findings) => ({ version: 1, findings }),
  slack: (findings) => ({
    text: linesOf(findings, 1500, escapeSlack).join('\n'),
    unfurl_links: false,
    unfurl_media: false,
  }),
  discord: (findings) => ({
    content: linesOf(findings, 390, escapeMarkdown).join('\n'),
    // A name that looks like a mention must not notify anybody.
    allowed_mentions: { parse: [] },
    flags: 4, // SUPPRESS_EMBEDS
  }),
  teams: (findings) => ({
    type: 'message',
    attachments: [
      {
        contentType: 'application/vnd.microsoft.card.adaptive',
        content: {
          $schema: 'http://adaptivecards.io/schemas/adaptive-card.json',
          type: 'AdaptiveCard',
          version: '1.4',
          body: linesOf(findings, 1000, escapeMarkdown).map((text) => ({ type: 'TextBlock', text, wrap: true })),
        },
      },
    ],
  }),
}

function linesOf(findings: readonly Finding[], max: number, escaping: (text: string) => string): string[] {
  return findings.map((finding) => fitted(findingLine(finding), max, escaping))
}
