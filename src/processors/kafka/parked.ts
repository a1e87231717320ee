import { kafkaAddress } from '../../kafka/address.js'
import { loadKafka } from '../../kafka/client.js'
import { ParkedTopic } from '../../kafka/parked-topic.js'
import { makeTopics, parkedTopic } from '../../kafka/topics.js'
import type { ParkedEntry } from '../../types/queue.js'
import { systemClock } from '../../util/clock.js'
import { integerOption } from '../../util/options.js'
import type { ParkedEntries } from '../parked-entries.js'

export async function openKafkaParked(url: string): Promise<ParkedEntries> {
  const address = kafkaAddress(url)
  const kafka = await loadKafka()
  await makeTopics(kafka, address, [parkedTopic(address)], systemClock)
  const topic = new ParkedTopic(kafka, address, systemClock)
  const close = () => topic.close()
  const chosen = async (group: string, keys: readonly string[] | undefined) =>
    (await topic.list(group)).filter(({ key }) => keys === undefined || keys.includes(key))
  return {
    async list({ group, limit } = {}) {
      const most = integerOption('limit', limit, 1, 1_000_000, 1000)
      return (await topic.list(group)).map(shown).reverse().slice(0, most)
    },
    async replay(group, keys) {
      const entries = await chosen(group, keys)
      for (const entry of entries) {
        const message = await topic.read(entry)
        if (message !== undefined) await topic.put({ ...entry, isReplayed: true }, message)
      }
      return entries.length
    },
    async drop(group, keys) {
      const entries = await chosen(group, keys)
      for (const entry of entries) await topic.delete(entry)
      return entries.length
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}

const shown = ({
  offset: _offset,
  partition: _partition,
  ...entry
}: Awaited<ReturnType<ParkedTopic['list']>>[number]): ParkedEntry => entry
