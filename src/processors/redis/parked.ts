import { redisAddress } from '../../redis/address.js'
import { groupKeys } from '../../redis/group-keys.js'
import { RedisLink } from '../../redis/link.js'
import { forgetParked, listParked, markReplays } from '../../redis/parked.js'
import { systemClock } from '../../util/clock.js'
import { integerOption } from '../../util/options.js'
import type { ParkedEntries } from '../parked-entries.js'

export async function openRedisParked(url: string): Promise<ParkedEntries> {
  const address = redisAddress(url, SINK_PARAMETERS)
  const link = new RedisLink(address, systemClock)
  // So that a server that is not there is said now.
  await link.use((connection) => connection.send('ask whether it is there', ['PING']))
  const close = () => link.close()
  return {
    async list({ group, limit } = {}) {
      const most = integerOption('limit', limit, 1, 1_000_000, 1000)
      return (await listParked(link, address, group)).slice(0, most)
    },
    replay: (group, keys) => markReplays(link, groupKeys(address, group), keys),
    drop: (group, keys) => forgetParked(link, groupKeys(address, group), keys),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Parameters of the sink: its URL is good for processors as well. */
export const SINK_PARAMETERS = ['maxlen', 'body']
