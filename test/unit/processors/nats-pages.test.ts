import { describe, expect, it } from 'vitest'
import { checkpointToJSON } from '../../../src/checkpoint/checkpoint-json.js'
import { natsAddress } from '../../../src/nats/address.js'
import { natsError } from '../../../src/nats/errors.js'
import type { GroupLink, LinkedGroup } from '../../../src/nats/group-link.js'
import type { Received } from '../../../src/nats/received.js'
import type { ClaimKeeper } from '../../../src/processors/claim-keeper.js'
import type { QueuedEntry } from '../../../src/processors/engine.js'
import type { NatsClaim } from '../../../src/processors/nats/claim.js'
import { NatsPages } from '../../../src/processors/nats/pages.js'
import { NatsParking } from '../../../src/processors/nats/parking.js'
import { sourceSettings } from '../../../src/processors/source-settings.js'
import type { LogInfo } from '../../../src/types/log.js'
import { Notifier } from '../../../src/util/notifier.js'

const address = natsAddress('nats://localhost')
const id = Buffer.alloc(32, 1).toString('base64')
const log: LogInfo = { id, description: 'x', operator: 'x', kind: 'rfc6962', url: 'https://x/' }
const entries = { key: 'unit.log', stream: 's', unit: 'unit', subject: 'subject', logId: id }
const noted = { log, range: undefined, verifiedHead: undefined, pendingHeads: [], learned: {} }
const position = Buffer.from(JSON.stringify(checkpointToJSON({ ...noted, position: 1000 })))

/** Each with another index than the one before, as a filter leaves some out; `undefined`: a message that is no entry. */
const STORED = [0, 2, undefined, 6, 8, 10, 12, 14].map((index, i) => ({ index, sequence: i + 1 }))

/**
 * A server that forgets what it has sent, as to a consumer that acknowledges nothing.
 *
 * @param refuses - Requests that fail once.
 * @param passedOver - Number of a message that it does not send the first time, as one that has not caught up with the others.
 */
function server(refuses: (request: string) => boolean, passedOver?: number) {
  let toPassOver = passedOver
  let refused = 0
  const answer = (request: string) => {
    if (refused > 0 || !refuses(request)) return
    refused++
    throw Object.assign(new Error('timeout'), { name: 'TimeoutError' })
  }
  let sent = 0
  let receive: (received: Received) => void = () => {}
  const connection = {
    isOpen: true,
    manager: {
      consumers: {
        async add(_stream: string, { opt_start_seq: from }: { readonly opt_start_seq: number }) {
          sent = from - 1
          return { stream_name: 's', name: 'c', num_pending: STORED.length - sent }
        },
        async delete() {},
      },
      streams: {
        async info() {
          answer('the bounds of the stream')
          return { state: { first_seq: 1, last_seq: STORED.length } }
        },
        async getMessage(_stream: string, { seq, last_by_subj = '' }: { seq?: number; last_by_subj?: string }) {
          if (last_by_subj.includes('.state.')) {
            answer('how far the log is written')
            return { data: position }
          }
          const found = STORED.find(({ sequence }) => sequence === seq)
          return found === undefined ? null : { subject: 'subject', ...found, seq, header: headersOf(found.index) }
        },
      },
    },
    receive(take: typeof receive) {
      let delivery = 0
      receive = (received) => take(received.kind === 'message' ? { ...received, delivery: ++delivery } : received)
      return { address: 'inbox', end() {} }
    },
    ask(_subject: string, { batch }: { readonly batch: number }) {
      setImmediate(() => {
        let count = 0
        for (const { index, sequence } of STORED.slice(sent)) {
          if (count === batch) break
          sent++
          if (sequence === toPassOver) {
            toPassOver = undefined
            continue
          }
          count++
          const told = { subject: 'subject', sequence, delivery: 0, pending: STORED.length - sent, time: 0 }
          receive({ kind: 'message', ...told, headers: [...headersOf(index)], body: new Uint8Array(0) })
        }
      })
    },
    async lastMessage() {
      answer('what is parked')
      return undefined
    },
    async put() {},
  }
  return { connection, refused: () => refused }
}

const headersOf = (index: number | undefined) =>
  new Map(
    index === undefined
      ? []
      : Object.entries({
          ...{ 'ct-v': '1', 'ct-log': id, 'ct-index': String(index), 'ct-epoch': '1', 'ct-body': 'omitted' },
          ...{ 'ct-leaf': '00'.repeat(32), 'ct-kind': 'certificate' },
        }),
  )

/** Reads everything, each failure tried again. @returns What was handed out, and what is recorded as missing. */
async function readAll({ connection }: ReturnType<typeof server>) {
  const mark = { epoch: 0, next: 0 }
  const anchor = { sequence: 0, index: undefined }
  const claim: NatsClaim = {
    ...{ log, mark, entries, term: 1, revision: 1, stored: mark, storedAnchor: anchor, position: anchor },
    ...{ readTo: 0, head: 0, storedNext: 0, pages: [], mayMiss: false, isLeaving: false, hasMoved: true },
  }
  const link = {
    address,
    stream: { name: 'g', base: 'g' },
    async use<T>(doing: string, work: (linked: LinkedGroup) => Promise<T>) {
      try {
        return await work({ connection } as unknown as LinkedGroup)
      } catch (error) {
        throw natsError(error, doing, address)
      }
    },
  } as unknown as GroupLink
  const keeper = { held: [claim], isStale: true, changed: new Notifier(), putLast() {} }
  const settings = sourceSettings({ group: 'g', pageEntries: 4 })
  const parking = new NatsParking(link, 'g')
  const { signal } = new AbortController()
  const pages = new NatsPages(link, keeper as unknown as ClaimKeeper<NatsClaim>, parking, settings, signal)
  const found: QueuedEntry[] = []
  const missing: unknown[] = []
  for (;;) {
    try {
      const page = await pages.nextPage()
      if (page === undefined) break
      found.push(...page.entries)
      missing.push(...page.missing)
    } catch (error) {
      expect(error).toMatchObject({ code: 'CT_SINK_FAILED', retryable: true })
    }
  }
  return { found: found.map((entry) => entry.kind !== 'certificate' && entry.index), missing, claim, parking }
}

describe('pages of a log in NATS', () => {
  it.each(['the bounds of the stream', 'how far the log is written', 'what is parked'] as const)(
    'lose nothing when the server does not say %s while one is made',
    async (which) => {
      let count = 0
      // The first look at the bounds is that of the reader, before it has taken anything.
      const nats = server((request) => request === which && (which !== 'the bounds of the stream' || ++count > 1))
      const { found, missing, claim, parking } = await readAll(nats)
      expect(nats.refused()).toBe(1)
      expect(found).toEqual([0, 2, 6, 8, 10, 12, 14])
      expect(missing).toEqual([])
      expect(claim.position).toEqual({ sequence: 8, index: 14 })
      expect(parking.foreign).toBe(1)
    },
  )

  it.each([2, 5, 7])('have what a server passed over, message %i, and is in the stream', async (sequence) => {
    const { found, missing, claim } = await readAll(server(() => false, sequence))
    expect(found).toEqual([0, 2, 6, 8, 10, 12, 14])
    expect(missing).toEqual([])
    expect(claim.position).toEqual({ sequence: 8, index: 14 })
  })
})
