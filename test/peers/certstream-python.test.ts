import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { createTestLog, issueCertificates, type TestLogEntry } from '../../src/testing/index.js'
import { Notifier } from '../../src/util/notifier.js'
import { hasRealData } from '../real-data.js'
import { heldLog, newFolder, serve, shapeOf } from '../support/serve-command.js'
import { recordedEntries, recordedMessage, recordedMessages } from '../unit/certstream/recorded.js'

const python = inject('python')

interface Received {
  readonly message_type: string
  readonly data: {
    readonly update_type: string
    readonly cert_index: number
    readonly leaf_cert: { readonly as_der?: string; readonly all_domains: readonly string[] }
    readonly chain?: readonly { readonly as_der: string }[]
  }
}

/** certstream-python, listening; resolves when it is connected. */
async function listening(url: string) {
  const messages: Received[] = []
  const changed = new Notifier()
  let said = ''
  const child = spawn(python as string, [join(import.meta.dirname, 'programs', 'listen.py'), url.replace('http', 'ws')])
  onTestFinished(() => void child.kill('SIGKILL'))
  child.stderr.setEncoding('utf8').on('data', (text: string) => {
    said += text
  })
  let connections = 0
  createInterface({ input: child.stdout }).on('line', (line) => {
    if (line === 'opened') connections++
    else messages.push(JSON.parse(line))
    changed.notify()
  })
  const wait = async (isThere: () => boolean) => {
    while (!isThere()) {
      if (child.exitCode !== null) throw new Error(said)
      await changed.wait()
    }
    return messages
  }
  await wait(() => connections > 0)
  return {
    have: (count: number) => wait(() => messages.length >= count),
    connected: (times: number) => wait(() => connections >= times),
  }
}

describe.skipIf(python === undefined)('certstream-python, unchanged', () => {
  it('receives on all three paths what the log issued, byte for byte and in order', async () => {
    const { log, issued, release } = await heldLog(60)
    const server = await serve(newFolder(), log, '--no-checkpoint', '--no-keep')
    const [full, lite, domains] = await Promise.all(
      ['full-stream', '', 'domains-only'].map((path) => listening(`${server.url}${path}`)),
    )
    release()
    const base64 = (bytes: Uint8Array) => Buffer.from(bytes).toString('base64')
    const messages = (await full?.have(issued.length)) ?? []
    expect(messages.map(({ data }) => data.leaf_cert.as_der)).toEqual(issued.map(({ der }) => base64(der)))
    expect(messages.map(({ data }) => data.chain?.map(({ as_der }) => as_der))).toEqual(
      issued.map(({ chain }) => chain.map(base64)),
    )
    expect(messages.map(({ data }) => data.cert_index)).toEqual(issued.map((_, i) => i))
    const withoutDer = (await lite?.have(issued.length)) ?? []
    expect(withoutDer.map(({ data }) => data.leaf_cert.all_domains)).toEqual(
      messages.map(({ data }) => data.leaf_cert.all_domains),
    )
    expect(withoutDer.some(({ data }) => 'as_der' in data.leaf_cert || 'chain' in data)).toBe(false)
    const named = messages.map(({ data }) => data.leaf_cert.all_domains).filter(({ length }) => length > 0)
    expect((await domains?.have(named.length))?.map(({ data }) => data)).toEqual(named)
    expect((await server.stop('SIGTERM')).code).toBe(0)
  })

  it('connects again by itself after the server was restarted, and goes on receiving', async () => {
    const { log, issued, release } = await heldLog(20)
    const place = newFolder()
    const first = await serve(place, log, '--checkpoint', 'again.db')
    const client = await listening(first.url)
    release()
    await client.have(issued.length)
    await first.stop('SIGKILL')
    await serve(place, log, '--checkpoint', 'again.db', '--port', new URL(first.url).port)
    await client.connected(2)
    log.add(issueCertificates(3, { seed: 'more' }))
    log.publish()
    const messages = await client.have(issued.length + 3)
    expect(messages.map(({ data }) => data.cert_index)).toEqual(Array.from({ length: issued.length + 3 }, (_, i) => i))
  })

  it.skipIf(!hasRealData)(
    'receives of real entries every key that the recorded servers sent, and these besides',
    async () => {
      const entries = recordedEntries()
      const raw: TestLogEntry[] = entries.map(({ leaf_input, extra_data }) => ({
        leafInput: Buffer.from(leaf_input, 'base64'),
        extraData: Buffer.from(extra_data, 'base64'),
      }))
      const log = await createTestLog({ kind: 'rfc6962', entries: raw, description: 'Recorded' })
      onTestFinished(async () => void (await log.close()))
      const { clear } = log.fault({ on: 'get-entries', status: 503 })
      const server = await serve(newFolder(), log, '--no-checkpoint', '--no-keep')
      const client = await listening(`${server.url}full-stream`)
      clear()
      const messages = await client.have(entries.length)
      const keys = (all: readonly unknown[]) => new Set(all.flatMap((message) => shapeOf(message)))
      const ours = keys(messages)
      // What we have and a server has not: `cursor` to go on from; nulls where others leave a key out; both spellings of
      // the mail address; what only newer servers say (hashes, whose certificate it is, the time of the log and its kind; since the
      // Elixir server also the link, the algorithm, and `aggregated` of the issuer).
      const besides = [
        /^\.cursor$/,
        /^\.data\.(chain|chain\[\]\..+|submission_timestamp|cert_link|source\.(timestamp|type))$/,
        /^\.data\.leaf_cert\.(sha1|sha256|is_ca|as_der|signature_algorithm)$/,
        /^\.data\.leaf_cert\.(subject|issuer)\.(C|CN|L|O|OU|ST|email_address|emailAddress|aggregated)$/,
      ]
      const isKnown = (key: string) => besides.some((pattern) => pattern.test(key))
      const servers = {
        'certstream-server-rust': entries.map(({ expected_full }) => JSON.parse(expected_full)),
        ...Object.fromEntries(Object.keys(recordedMessages).map((name) => [name, [JSON.parse(recordedMessage(name))]])),
      }
      for (const [name, recorded] of Object.entries(servers)) {
        const theirs = keys(recorded)
        expect(
          [...theirs].filter((key) => !ours.has(key)),
          `${name}: missing`,
        ).toEqual([])
        expect(
          [...ours].filter((key) => !theirs.has(key) && !isKnown(key)),
          `${name}: besides`,
        ).toEqual([])
      }
      // Value by value where the same entry was recorded; what a key means is compared in test/unit/decode/certstream.test.ts.
      for (const [i, { expected_full, name }] of entries.entries()) {
        const { data } = JSON.parse(expected_full) as Received
        expect(messages[i]?.data.leaf_cert.as_der, name).toBe(data.leaf_cert.as_der)
        expect([...(messages[i]?.data.leaf_cert.all_domains ?? [])].sort(), name).toEqual(
          [...data.leaf_cert.all_domains].sort(),
        )
        expect(messages[i]?.data.update_type, name).toBe(data.update_type)
      }
    },
  )
})
