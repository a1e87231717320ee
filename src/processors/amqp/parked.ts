import { amqpAddress, groupQueues } from '../../amqp/address.js'
import { type ParkedFate, ParkedQueue } from '../../amqp/parked-queue.js'
import { CtStreamError } from '../../errors.js'
import { systemClock } from '../../util/clock.js'
import { integerOption } from '../../util/options.js'
import type { ParkedEntries } from '../parked-entries.js'

export async function openAmqpParked(url: string): Promise<ParkedEntries> {
  const address = amqpAddress(url)
  const queue = await ParkedQueue.open(address, systemClock)
  const close = async () => queue.close()
  const chosen = async (group: string, keys: readonly string[] | undefined, fate: ParkedFate) => {
    let count = 0
    await queue.each(groupQueues(address, group), ({ key }) => {
      if (keys !== undefined && !keys.includes(key)) return 'keep'
      count++
      return fate
    })
    return count
  }
  return {
    async list({ group, limit } = {}) {
      const most = integerOption('limit', limit, 1, 1_000_000, 1000)
      if (group === undefined)
        throw new CtStreamError(
          'CT_OPTION_INVALID',
          'RabbitMQ does not say which groups there are: name the group (--group)',
        )
      return [...(await queue.each(groupQueues(address, group), () => 'keep'))].reverse().slice(0, most)
    },
    replay: (group, keys) => chosen(group, keys, 'replay'),
    drop: (group, keys) => chosen(group, keys, 'drop'),
    close,
    [Symbol.asyncDispose]: close,
  }
}
