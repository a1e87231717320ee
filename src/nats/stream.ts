import type { JetStreamManager, StreamConfig, StreamInfo } from '@nats-io/jetstream'
import { CtStreamError } from '../errors.js'
import type { NatsAddress } from './address.js'

const SECOND_NS = 1_000_000_000
const HOUR_NS = 3600 * SECOND_NS
/** Least limits of a stream. Positions are written again from time to time; a smaller stream could delete them before that. */
const LEAST = { hours: 24, messages: 100_000, bytes: 2 ** 28 }

/** Makes the stream of a shard if it is missing. Refuses one whose settings could lose what it acknowledged. */
export async function ensureStream(
  manager: JetStreamManager,
  address: NatsAddress,
  name: string,
  subjects: string,
): Promise<StreamInfo> {
  const found = await streamInfo(manager, name)
  if (found !== undefined) return checked(found, subjects)
  const config: Pick<StreamConfig, 'name' | 'subjects' | 'storage' | 'num_replicas' | 'max_age' | 'duplicate_window'> =
    {
      name,
      subjects: [subjects],
      storage: 'file',
      num_replicas: address.replicas,
      max_age: address.maxAgeHours * HOUR_NS,
      // Short, to save memory: our ids serve the order, and need no lookup of duplicates.
      duplicate_window: SECOND_NS,
    }
  return checked(await manager.streams.add(config), subjects)
}

export async function streamInfo(manager: JetStreamManager, name: string): Promise<StreamInfo | undefined> {
  try {
    return await manager.streams.info(name)
  } catch (error) {
    if (error instanceof Error && error.name === 'StreamNotFoundError') return undefined
    throw error
  }
}

/** @throws {@link CtStreamError} `CT_SINK_FAILED`, naming the setting. */
function checked(info: StreamInfo, subjects: string): StreamInfo {
  const { config } = info
  const refuse = (setting: string, is: unknown, must: string) => {
    throw new CtStreamError(
      'CT_SINK_FAILED',
      `the NATS stream ${config.name} has ${setting} ${JSON.stringify(is)}: it must be ${must}`,
    )
  }
  if (config.subjects?.length !== 1 || config.subjects[0] !== subjects)
    refuse('subjects', config.subjects ?? [], `${subjects} alone; or use another prefix in the URL`)
  if (config.retention !== 'limits') refuse('retention', config.retention, '"limits"')
  if (config.storage !== 'file') refuse('storage', config.storage, '"file"')
  if (config.max_msgs_per_subject > 0) refuse('max_msgs_per_subject', config.max_msgs_per_subject, '-1')
  if (config.max_age > 0 && config.max_age < LEAST.hours * HOUR_NS)
    refuse('max_age', config.max_age, `0 or ${LEAST.hours} hours at least`)
  if (config.max_msgs > 0 && config.max_msgs < LEAST.messages)
    refuse('max_msgs', config.max_msgs, `-1 or ${LEAST.messages} at least`)
  if (config.max_bytes > 0 && config.max_bytes < LEAST.bytes)
    refuse('max_bytes', config.max_bytes, `-1 or ${LEAST.bytes} at least`)
  if ((config.max_msg_size ?? -1) > 0 && (config.max_msg_size ?? 0) < 2 ** 20)
    refuse('max_msg_size', config.max_msg_size, '-1 or 1048576 at least')
  return info
}
