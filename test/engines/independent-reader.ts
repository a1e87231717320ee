import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { pythonWith } from '../support/python-packages.js'

const PROGRAM = join(import.meta.dirname, 'programs', 'read-topic.py')

/** The Python with `confluent-kafka`, a client by others; `undefined` where it cannot be had. */
export const otherClient: string | undefined = await pythonWith(['confluent-kafka==2.16.1'], 'confluent_kafka').catch(
  (error) => {
    if (process.env.CT_STREAM_TEST_REQUIRE_PEERS !== undefined) throw error
    return undefined
  },
)

/** Indexes by base64 log id, in their order in the topic, as a client by others reads what is committed. */
export async function readIndependently(
  servers: string,
  topic: string,
): Promise<ReadonlyMap<string, readonly number[]>> {
  if (otherClient === undefined) throw new Error('confluent-kafka of PyPI cannot be had')
  const { stdout } = await promisify(execFile)(otherClient, [PROGRAM, servers, topic], { maxBuffer: 2 ** 28 })
  const found = new Map<string, number[]>()
  for (const line of stdout.split('\n')) {
    const [logId, index] = line.split(' ')
    if (logId === undefined || index === undefined) continue
    const list = found.get(logId)
    if (list === undefined) found.set(logId, [Number(index)])
    else list.push(Number(index))
  }
  return found
}
