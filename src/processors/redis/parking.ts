import type { GroupKeys } from '../../redis/group-keys.js'
import type { RedisLink } from '../../redis/link.js'
import { forgetParked, putParked, type RedisReplay, takeReplay } from '../../redis/parked.js'
import type { Parking } from '../engine.js'
import { ParkedMessages } from '../parked-messages.js'
import type { QueuedMessage } from '../queued-message.js'

/** What is set aside for one group in Redis, as one processor sees it. */
export class RedisParking {
  private readonly link: RedisLink
  private readonly keys: GroupKeys
  private readonly group: string
  private readonly messages = new ParkedMessages()
  /** Ids of messages that cannot be read, by their bodies. */
  private readonly ids = new WeakMap<Uint8Array, string>()
  /** The streams of replayed entries that were handed out, by their keys. */
  private readonly replaying = new Map<string, string | undefined>()

  constructor(link: RedisLink, keys: GroupKeys, group: string) {
    this.link = link
    this.keys = keys
    this.group = group
  }

  /** Remembers the message of an entry that cannot be read, as long as its body is there. */
  remember(body: Uint8Array, message: QueuedMessage, id: string): void {
    this.messages.remember(body, message)
    this.ids.set(body, id)
  }

  /**
   * @param streamOf - Of a log that this processor has; `undefined` for others, whose next processor meets the entry again.
   * @returns Whether it is set aside.
   */
  async park(parking: Parking, streamOf: (logId: string) => string | undefined): Promise<boolean> {
    const { by, message, logId, index, content, key: replayed } = parking
    const stream =
      replayed === undefined ? logId !== undefined && streamOf(logId) : (this.replaying.get(replayed) ?? undefined)
    if (stream === false || (replayed === undefined && stream === undefined)) return false
    const id = content === undefined || 'leafInput' in content ? undefined : this.ids.get(content)
    const key = replayed ?? `${logId}:${index ?? id}`
    const { headers, body } = this.messages.messageOf(parking)
    const named = headers.map(([name, text]) => [name, String(text)] as const)
    await putParked(
      this.link,
      this.keys,
      this.group,
      { key, by, message, logId, index, stream, headers: named, body },
      replayed !== undefined,
    )
    if (replayed !== undefined) this.replaying.delete(replayed)
    return true
  }

  async settle(key: string): Promise<void> {
    await forgetParked(this.link, this.keys, [key])
    this.replaying.delete(key)
  }

  /** The next entry that somebody asked to replay. @param forMs - How long others leave it to this processor. */
  async nextReplay(forMs: number): Promise<RedisReplay | undefined> {
    const replay = await takeReplay(this.link, this.keys, forMs)
    if (replay !== undefined) this.replaying.set(replay.key, replay.stream)
    return replay
  }
}
