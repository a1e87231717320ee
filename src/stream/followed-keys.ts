import type { LogInfo, LogSpec } from '../types/log.js'
import type { LogSelection } from '../types/log-list.js'
import type { FollowedLog } from '../types/stream.js'
import type { CtStreamEvents } from '../types/stream-events.js'
import { fromBase64, toBase64 } from '../util/bytes.js'
import { sha256 } from '../util/hash.js'

/** The keys of the logs a stream follows, as the options name them or the lists do. */
export class FollowedKeys {
  /** Base64 SubjectPublicKeyInfo, by base64 log id. */
  private readonly keys = new Map<string, string>()

  /** @param logs - As in the options. */
  constructor(logs: LogSelection | readonly LogSpec[] | undefined) {
    if (!Array.isArray(logs)) return
    for (const { key } of logs as readonly LogSpec[]) {
      const spki = fromBase64(key)
      if (spki !== undefined) this.keys.set(toBase64(sha256(spki)), key)
    }
  }

  /** The lists were read. Logs that leave them stay: what they signed is still to be checked. */
  take({ added, changed }: CtStreamEvents['list']): void {
    for (const { id, key } of [...added, ...changed]) this.keys.set(id, key)
  }

  /** Those of these logs whose key is known. */
  of(logs: readonly LogInfo[]): FollowedLog[] {
    return logs.flatMap((log) => {
      const key = this.keys.get(log.id)
      return key === undefined ? [] : [{ ...log, key }]
    })
  }
}
