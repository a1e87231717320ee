import { describe, expect, it } from 'vitest'
import { ParkedMessages } from '../../../src/processors/parked-messages.js'
import { readEntry, readParkedMessage } from '../../../src/processors/queued-message.js'
import type { LogInfo } from '../../../src/types/log.js'

const id = Buffer.alloc(32, 7).toString('base64')
const log: LogInfo = { id, description: 'a', operator: 'a', kind: 'rfc6962', url: 'https://a.example/' }
const logOf = (logId: string) => (logId === id ? log : undefined)

describe('the message of an entry that only its log has', () => {
  it('is read as such when it was set aside, and as no entry elsewhere', () => {
    const message = new ParkedMessages().messageOf({ content: undefined, logId: id, index: 9 })
    const read = { headers: message.headers, body: message.body }
    expect(readParkedMessage('Kafka', read, logOf)).toMatchObject({
      logId: id,
      entry: { kind: 'omitted', index: 9, log },
    })
    expect(readEntry('Kafka', read, logOf)).toMatchObject({ entry: { kind: 'refused', index: 9 } })
    expect(readParkedMessage('Kafka', read, () => undefined)).toMatchObject({ reason: expect.stringContaining('ct-v') })
  })
})
