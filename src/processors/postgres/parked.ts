import { openDatabase } from '../../postgres/open-database.js'
import { dropParked, listParked, markReplayed } from '../../postgres/parked.js'
import { queueChannel } from '../../postgres/queue-write.js'
import { postgresTarget } from '../../postgres/target.js'
import { integerOption } from '../../util/options.js'
import type { ParkedEntries } from '../parked-entries.js'

/** This connection holds no lease, so its timeout may be long. */
const IDLE_MS = 60_000

export async function openPostgresParked(url: string): Promise<ParkedEntries> {
  const target = postgresTarget(url)
  const connection = await openDatabase(target, IDLE_MS)
  const close = () => connection.close()
  return {
    list: ({ group, limit } = {}) =>
      connection.run((session) => listParked(session, group, integerOption('limit', limit, 1, 1_000_000, 1000))),
    replay: (group, keys) =>
      connection.run(async (session) => {
        const count = await markReplayed(session, group, keys)
        await session.query(`NOTIFY ${queueChannel(target)}`)
        return count
      }),
    drop: (group, keys) => connection.run((session) => dropParked(session, group, keys)),
    close,
    [Symbol.asyncDispose]: close,
  }
}
