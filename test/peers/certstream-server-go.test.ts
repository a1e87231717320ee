import { describe, expect, inject, it, onTestFinished } from 'vitest'
import { certStream } from '../../src/certstream/index.js'
import { createTestLog, issueCertificates, type TestLogEntry } from '../../src/testing/index.js'
import type { CtCertificate } from '../../src/types/certificate.js'
import { hasRealData } from '../real-data.js'
import { closing } from '../support/closing.js'
import { realEntries } from '../support/real-entries.js'
import { newFolder, serve } from '../support/serve-command.js'
import { SocketClient } from '../support/server-clients.js'
import { startedGoServer } from './go-server.js'

const program = inject('goServer') as string
const most = 300

/** A log that has one entry, both servers over it from its head on; then it has more. */
async function sideBySide() {
  const log = await createTestLog({
    kind: 'rfc6962',
    entries: issueCertificates(1),
    description: 'Both',
    recordRequests: 1000,
  })
  onTestFinished(async () => void (await log.close()))
  const theirs = await startedGoServer(program, log)
  const ours = await serve(newFolder(), log, '--no-checkpoint', '--no-keep')
  await expect
    .poll(() => log.requests.filter(({ endpoint }) => endpoint === 'get-sth').length, { timeout: 20_000 })
    .toBeGreaterThan(1)
  await expect
    .poll(
      () =>
        fetch(theirs).then(
          () => true,
          () => false,
        ),
      { timeout: 20_000 },
    )
    .toBe(true)
  const entries: TestLogEntry[] = hasRealData
    ? realEntries()
        .slice(0, most)
        .map(({ leafInput, extraData }) => ({ leafInput, extraData }))
    : [...issueCertificates(most, { kinds: 'pairs' })]
  const grow = () => {
    log.add(entries)
    log.publish()
  }
  return { ours: ours.url, theirs, grow, count: entries.length }
}

type Json = null | string | number | boolean | Json[] | { readonly [key: string]: Json }
interface Update {
  readonly message_type: string
  readonly data: { readonly cert_index: number; readonly leaf_cert: { readonly as_der?: string } }
}

/** Where we differ from its values, and why. `undefined`: there is no such thing in what we say. */
const reasons: readonly (readonly [key: RegExp, isMeant: (ours: Json | undefined, theirs: Json) => boolean])[] = [
  // When each of the two had the entry.
  [/^\.data\.seen$/, (ours, theirs) => typeof ours === 'number' && typeof theirs === 'number'],
  // It cuts the slash; our server was given no name of the log.
  [/^\.data\.source\.url$/, (ours, theirs) => ours === `${theirs}/`],
  [/^\.data\.source\.name$/, (ours) => typeof ours === 'string'],
  // Of a subject without a common name it says an empty one.
  [/\.CN$/, (ours, theirs) => ours === null && theirs === ''],
  // What it calls the state is the street; ours is the state, and so it stands in the names as one line.
  [/\.ST$/, (ours) => typeof ours === 'string'],
  [/\.aggregated$/, (ours, theirs) => withoutSTAndEmpty(ours) === withoutSTAndEmpty(theirs)],
  // Issuers before OCSP; ours are in the order of the certificate.
  [/\.authorityInfoAccess$/, (ours, theirs) => inOrder(ours) === inOrder(theirs)],
  // A key identifier without the key's is an empty one.
  [/\.authorityKeyIdentifier$/, (ours, theirs) => ours === undefined && theirs === 'keyid:'],
  // A common name that is no host name is none of ours.
  [/\.all_domains\[\]$/, (ours, theirs) => ours === undefined && / /.test(`${theirs}`)],
]
const withoutSTAndEmpty = (name: unknown) =>
  `${name}`
    .replace('/CN=/', '/')
    .replace(/\/CN=$/, '')
    .replace(/\/ST=.*$/, '')
const inOrder = (list: unknown) => `${list}`.split(', ').sort().join()

/** Paths whose values differ without a reason, with both. What is not in theirs is not looked at. */
function differences(ours: Json | undefined, theirs: Json, path = ''): string[] {
  if (typeof theirs !== 'object' || theirs === null || typeof ours !== 'object' || ours === null) {
    if (ours === theirs || reasons.some(([key, isMeant]) => key.test(path) && isMeant(ours, theirs))) return []
    return [`${path}: ${JSON.stringify(ours)?.slice(0, 200)} for ${JSON.stringify(theirs).slice(0, 200)}`]
  }
  return Object.entries(theirs).flatMap(([key, value]) =>
    differences((ours as Record<string, Json>)[key], value, Array.isArray(theirs) ? `${path}[]` : `${path}.${key}`),
  )
}

describe.skipIf(program === undefined)('certstream-server-go, unchanged', () => {
  it('says of the same entries what we say, key by key', async () => {
    const { ours, theirs, grow, count } = await sideBySide()
    const clients = [theirs, ours].map((url) => closing(new SocketClient(`${url}full-stream`)))
    await Promise.all(clients.map(({ opened }) => opened))
    grow()
    const [of, by] = await Promise.all(
      clients.map(async (client) => {
        const messages = (await client.have(count)) as unknown as Update[]
        return new Map(messages.map((message) => [message.data.cert_index, message]))
      }),
    )
    const found = [...(of ?? [])].flatMap(([index, message]) =>
      differences(by?.get(index) as unknown as Json, message as unknown as Json).map((one) => `${index} ${one}`),
    )
    expect(found).toEqual([])
  }, 120_000)

  it('is read by our client, with every field of what the log issued', async () => {
    const { theirs, grow, count } = await sideBySide()
    const stream = certStream({ url: `${theirs.replace('http', 'ws')}full-stream` })
    onTestFinished(() => stream.close())
    const opened = new Promise((resolve) => stream.once('open', resolve))
    const reading = (async () => {
      const all: CtCertificate[] = []
      for await (const certificate of stream) if (all.push(certificate) === count) return all
      return all
    })()
    await opened
    grow()
    const all = await reading
    expect(new Set(all.map(({ index }) => index)).size).toBe(count)
    expect(all.every(({ verified, der, log }) => !verified && der !== undefined && log.description === 'Both')).toBe(
      true,
    )
  }, 120_000)
})
