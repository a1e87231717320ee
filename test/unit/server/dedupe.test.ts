import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { createServer } from '../../../src/server/index.js'
import { Issuances } from '../../../src/server/issuances.js'
import type { CtCertificate } from '../../../src/types/certificate.js'
import { PageSource } from '../../support/acknowledged-source.js'
import { closing } from '../../support/closing.js'
import { logNamed, madeCertificates } from '../../support/module-certificates.js'
import { EventClient, type Message, SocketClient } from '../../support/server-clients.js'

// Precertificates and their certificates in turn, in two logs.
const [one, two] = ['one', 'two'].map((name) => madeCertificates(20, { kinds: 'pairs', log: logNamed(name) })) as [
  CtCertificate[],
  CtCertificate[],
]

async function serving() {
  const source = new PageSource([], { staysOpen: true })
  const server = closing(createServer({ source, port: 0, keep: false }))
  const { url } = await server.listen()
  const socket = async (query: string) => {
    const client = closing(new SocketClient(`${url}v2/stream?format=domains${query}`))
    await client.opened
    return client
  }
  return { source, url, socket }
}

type Sent = Message & { readonly index: number; readonly log: string }
/** As log and index, to be compared with certificates. */
const placesOf = (messages: readonly Message[]) => (messages as Sent[]).map(({ log, index }) => `${log} ${index}`)
const places = (certificates: readonly CtCertificate[]) => certificates.map(({ log, index }) => `${log.id} ${index}`)

/** What the rule says: the first of each issuance among those that a client wants. */
function firsts(certificates: readonly CtCertificate[]): CtCertificate[] {
  const had = new Set<string>()
  return certificates.filter(({ issuanceId = '' }) => !had.has(issuanceId) && had.add(issuanceId))
}

describe('dedupe=issuance', () => {
  it('sends each issuance once: neither the certificate after its precertificate, nor the same from another log', async () => {
    const { source, url, socket } = await serving()
    const [all, once] = [await socket(''), await socket('&dedupe=issuance')]
    const events = closing(new EventClient(`${url}v2/sse?format=domains&dedupe=issuance`))
    await events.status
    for (let i = 0; i < 20; i += 5) {
      source.add(one.slice(i, i + 5))
      source.add(two.slice(i, i + 5))
    }
    await all.have(40)
    const order = [0, 5, 10, 15].flatMap((i) => [...one.slice(i, i + 5), ...two.slice(i, i + 5)])
    const expected = places(firsts(order))
    expect(expected).toHaveLength(10)
    expect(placesOf(await once.have(10))).toEqual(expected)
    expect(await events.have(10)).toEqual(once.messages)
  })

  it('considers only entries that pass the filters of the client', async () => {
    const { source, socket } = await serving()
    const [all, certificates, second] = [
      await socket(''),
      await socket('&dedupe=issuance&kind=certificate'),
      await socket(`&dedupe=issuance&log=${encodeURIComponent(logNamed('two').id)}`),
    ]
    source.add(one)
    source.add(two)
    await all.have(40)
    expect(placesOf(await certificates.have(10))).toEqual(places(one.filter(({ kind }) => kind === 'certificate')))
    expect(placesOf(await second.have(10))).toEqual(places(firsts(two)))
  })

  it('ignores what was sent before the client connected', async () => {
    const { source, socket } = await serving()
    const [all, first] = [await socket(''), await socket('&dedupe=issuance')]
    source.add(one)
    await all.have(20)
    const late = await socket('&dedupe=issuance')
    const after = await socket(`&dedupe=issuance&after=${all.ids[9]}`)
    source.add(two)
    await all.have(40)
    expect(placesOf(await late.have(10))).toEqual(places(firsts(two)))
    expect(placesOf(await after.have(10))).toEqual(places(firsts([...one.slice(10), ...two])))
    expect(placesOf(await first.have(10))).toEqual(places(firsts(one)))
  })

  it('refuses any other value', async () => {
    const { url } = await serving()
    const wrong = closing(new SocketClient(`${url}v2/stream?dedupe=certificate`))
    expect(await wrong.refused).toBe(400)
  })
})

describe('issuances', () => {
  const issued = (number: number) => ({ number, kind: 'certificate' as const, log: logNamed('one') })

  it('know whether an issuance was sent between two numbers, in whatever order and however often entries are added', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), fc.nat(20), fc.nat(20), (numbers, after, before) => {
        const issuances = new Issuances()
        for (const number of numbers) issuances.add('a', issued(number))
        const expected = numbers.some((number) => number > after && number < before)
        expect(issuances.wasSent('a', after, before, () => true)).toBe(expected)
        expect(issuances.wasSent('a', after, before, () => false)).toBe(false)
      }),
    )
  })

  it('keep only the newest entries of an issuance that was sent many times', () => {
    const issuances = new Issuances()
    for (let number = 1; number <= 1000; number++) issuances.add('a', issued(number))
    expect([issuances.wasSent('a', 900, 1000, () => true), issuances.wasSent('a', 0, 900, () => true)]).toEqual([
      true,
      false,
    ])
  })

  it('forget the oldest when there are too many, so that it may be sent again but is never lost', () => {
    const issuances = new Issuances(2)
    for (const [i, id] of ['a', 'b', 'c'].entries()) issuances.add(id, issued(i + 1))
    expect(['a', 'b', 'c'].map((id) => issuances.wasSent(id, 0, 9, () => true))).toEqual([false, true, true])
  })
})
