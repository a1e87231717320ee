import { natsAddress } from '../../nats/address.js'
import { NatsConnection } from '../../nats/connection.js'
import { natsError } from '../../nats/errors.js'
import { type GroupStream, groupStream, groupStreams } from '../../nats/group-stream.js'
import { listParked, noticeReplay, putParked, readParked, removeParked } from '../../nats/parked-records.js'
import type { ParkedEntry } from '../../types/queue.js'
import { integerOption } from '../../util/options.js'
import type { ParkedEntries } from '../parked-entries.js'

export async function openNatsParked(url: string): Promise<ParkedEntries> {
  const address = natsAddress(url)
  const connection = await NatsConnection.open(address)
  const close = () => connection.close()
  const use = async <T>(doing: string, work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw natsError(error, doing, address)
    }
  }
  const streams = async (group: string | undefined): Promise<readonly GroupStream[]> => {
    const wanted = group === undefined ? undefined : groupStream(address, group).name
    return (await groupStreams(connection.manager, address)).filter(
      ({ name }) => wanted === undefined || name === wanted,
    )
  }
  const eachChosen = async (
    group: string,
    keys: readonly string[] | undefined,
    work: (stream: GroupStream, key: string) => Promise<void>,
  ): Promise<number> => {
    let count = 0
    for (const stream of await streams(group))
      for (const { key } of await listParked(connection, stream))
        if (keys === undefined || keys.includes(key)) {
          await work(stream, key)
          count++
        }
    return count
  }
  return {
    list: ({ group, limit } = {}) =>
      use('list what is parked', async () => {
        const most = integerOption('limit', limit, 1, 1_000_000, 1000)
        const all: ParkedEntry[] = []
        for (const stream of await streams(group))
          for (const { place: _place, ...entry } of await listParked(connection, stream)) all.push(entry)
        return all.sort((a, b) => b.parkedAt.getTime() - a.parkedAt.getTime()).slice(0, most)
      }),
    replay: (group, keys) =>
      use('replay what is parked', async () => {
        const count = await eachChosen(group, keys, async (stream, key) => {
          const found = await readParked(connection, stream, key)
          if (found !== undefined)
            await putParked(connection, stream, { ...found.entry, isReplayed: true }, found.message)
        })
        for (const stream of await streams(group)) await noticeReplay(connection, stream)
        return count
      }),
    drop: (group, keys) =>
      use('drop what is parked', () => eachChosen(group, keys, (stream, key) => removeParked(connection, stream, key))),
    close,
    [Symbol.asyncDispose]: close,
  }
}
