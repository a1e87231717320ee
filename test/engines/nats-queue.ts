import { headers as natsHeaders } from '@nats-io/transport-node'
import { natsAddress } from '../../src/nats/address.js'
import { groupStream } from '../../src/nats/group-stream.js'
import { openParked } from '../../src/processors/index.js'
import { natsQueueSource } from '../../src/processors/nats/index.js'
import { MessageEncoder } from '../../src/sinks/message.js'
import { natsSink } from '../../src/sinks/nats.js'
import type { QueuePlace } from '../support/source-contract.js'
import { natsPlace } from './nats-place.js'

/** An empty queue in a prefix of its own. @param server - Default: that of these tests. */
export async function natsQueue(
  server?: string,
): Promise<QueuePlace & { readonly place: Awaited<ReturnType<typeof natsPlace>>; readonly url: string }> {
  const place = await natsPlace(server)
  const { url, manager } = place
  /** The last record of each key. */
  const recordsIn = async (stream: string) => {
    const filter = `${place.prefix}.*.state.>`
    const { state } = await manager.streams.info(stream, { subjects_filter: filter })
    const found = Object.keys(state.subjects ?? {}).map((subject) =>
      manager.streams.getMessage(stream, { last_by_subj: subject }),
    )
    return (await Promise.all(found)).filter((one) => one !== null)
  }
  return {
    place,
    url,
    sink: (options) => natsSink(url, { body: 'leaf', ...options }),
    source: (options) => natsQueueSource(url, options),
    async forge({ logId }, entry, index) {
      const { headers, body } = new MessageEncoder({ body: 'leaf' }).encode(entry, 1)
      const named = natsHeaders()
      for (const [name, text] of Object.entries({ ...headers, 'ct-index': String(index) })) named.append(name, text)
      const subject = `${place.prefix}.alone.entries.${Buffer.from(logId).toString('base64url')}`
      await manager.jetstream().publish(subject, body, { headers: named })
    },
    async retain(logId, below) {
      const name = `${place.prefix}_alone`
      const { state } = await manager.streams.info(name)
      let sequence = 0
      for (let seq = state.first_seq; seq <= state.last_seq; seq++) {
        const one = await manager.streams.getMessage(name, { seq })
        if (one?.header.get('ct-log') === logId && Number(one.header.get('ct-index')) < below) sequence = seq + 1
      }
      const records = await recordsIn(name)
      await manager.streams.purge(name, { seq: sequence })
      // A sink writes its records again before they are as old as that.
      for (const { seq, subject, data, header } of records) {
        const headers = natsHeaders()
        // Without those that are for the server: under which conditions it took this one.
        for (const [key, values] of header)
          for (const value of values) if (!/^nats-/i.test(key)) headers.append(key, value)
        if (seq < sequence) await manager.jetstream().publish(subject, data, { headers })
      }
    },
    parked: () => openParked(url),
    async missed(group) {
      const { name, base } = groupStream(natsAddress(url), group)
      const { state } = await manager.streams.info(name, { subjects_filter: `${base}.gap.>` })
      const found = await Promise.all(
        Object.keys(state.subjects ?? {}).map((subject) => manager.streams.getMessage(name, { last_by_subj: subject })),
      )
      return found.map((one) => {
        const { log, start, end } = JSON.parse(Buffer.from(one?.data ?? []).toString('utf8'))
        return { logId: log.id, start, end }
      })
    },
    remove: () => place.remove(),
  }
}
