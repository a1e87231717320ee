import { CtStreamError } from '../errors.js'
import type { RedisAddress } from './address.js'
import type { RedisConnection } from './connection.js'

const OLDEST = 7

/**
 * Refuses a server that would forget what it acknowledged.
 *
 * @throws {@link CtStreamError} `CT_SINK_FAILED`, naming the setting.
 */
export async function checkServer(connection: RedisConnection, address: RedisAddress): Promise<void> {
  const info = new Map<string, string>()
  for (const section of ['server', 'memory']) {
    const text = String(await connection.send('ask what the server is', ['INFO', section]))
    for (const [, name = '', value = ''] of text.matchAll(/^([a-z_]+):([^\r\n]*)/gm)) info.set(name, value)
  }
  const fail = (why: string) => new CtStreamError('CT_SINK_FAILED', `the Redis server at ${address.shown} ${why}`)
  const version = info.get('redis_version') ?? ''
  if (Number.parseInt(version, 10) < OLDEST)
    throw fail(`is of version ${version}; ${OLDEST}.0 is the oldest that will do`)
  const policy = info.get('maxmemory_policy')
  if (policy !== undefined && policy !== 'noeviction')
    throw fail(`throws keys out when it is full: set maxmemory-policy noeviction, it is ${policy}`)
}
