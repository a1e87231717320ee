import type { CommittedRecord } from '../kafka/committed-records.js'
import type { QueuedMessage } from './queued-message.js'

export const messageOfRecord = ({ headers, value }: CommittedRecord): QueuedMessage => ({
  headers: headers.map(([name, text]) => [String(name), text ?? ''] as const),
  body: value ?? new Uint8Array(0),
})
