import type { CommittedRecord } from '../../kafka/committed-records.js'
import type { QueuedMessage } from '../queued-message.js'

/** Names of our headers, by length: comparing a few bytes is cheaper than making a string, ten times a message. */
const names: readonly (readonly { readonly text: string; readonly bytes: Buffer }[])[] = Array.from(
  { length: 12 },
  (_, length) =>
    ['v', 'log', 'index', 'epoch', 'leaf', 'kind', 'body', 'issuance', 'time', 'marks', 'follows']
      .map((word) => `ct-${word}`)
      .filter((text) => text.length === length)
      .map((text) => ({ text, bytes: Buffer.from(text) })),
)

function nameOf(name: Buffer | null): string {
  for (const { text, bytes } of names[name?.length ?? 0] ?? []) if (isSame(bytes, name as Buffer)) return text
  return String(name)
}

function isSame(known: Buffer, name: Buffer): boolean {
  for (let i = 0; i < known.length; i++) if (known[i] !== name[i]) return false
  return true
}

export const messageOfRecord = ({ headers, value }: CommittedRecord): QueuedMessage => ({
  headers: headers.map(([name, text]) => [nameOf(name), text ?? ''] as const),
  body: value ?? new Uint8Array(0),
})
