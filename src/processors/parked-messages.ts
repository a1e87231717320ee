import { MessageEncoder } from '../sinks/message.js'
import type { Parking } from './engine.js'
import type { QueuedMessage } from './queued-message.js'

/** The messages of what is set aside: as they were found, or as a sink would write them. */
export class ParkedMessages {
  private readonly encoder = new MessageEncoder({ body: 'leaf' })
  /** The messages of entries that cannot be read, by their bodies. */
  private readonly found = new WeakMap<Uint8Array, QueuedMessage>()

  /** Remembers the message of an entry that cannot be read, as long as its body is there. */
  remember(body: Uint8Array, message: QueuedMessage): void {
    this.found.set(body, message)
  }

  messageOf({ content, logId, index }: Pick<Parking, 'content' | 'logId' | 'index'>): QueuedMessage {
    if (content !== undefined && 'leafInput' in content) {
      const { headers, body } = this.encoder.encode(content, 0)
      return { headers: Object.entries(headers), body }
    }
    const message = content && this.found.get(content)
    if (message !== undefined) return message
    // Only its log has it.
    const headers = [
      ['ct-log', logId ?? ''],
      ['ct-index', String(index)],
    ] as const
    return { headers, body: content ?? new Uint8Array(0) }
  }
}
